import { Chance } from '../world/chance.ts'

/** Which of the three consumers run. `chain` is all of them, one after the other. */
export type Kind = 'loop' | 'inbox' | 'lake' | 'chain'

export type Fault = {
  readonly process: string
  /** Happens at the process's n-th call of that name. */
  readonly call: string
  readonly nth: number
} & (
  | { readonly kind: 'kill'; readonly served: boolean; readonly forMs: number }
  | { readonly kind: 'stop'; readonly forMs: number }
  | { readonly kind: 'lose-request' | 'lose-answer' | 'twice' }
  | { readonly kind: 'late' | 'slow'; readonly forMs: number }
)

/** A record of the source topic, as Debezium writes it. */
export type SourceRecord = {
  readonly atMs: number
  readonly partition: number
  readonly key: string
  /** A republished event has the id of an earlier one, at a new offset. */
  readonly eventId: string
  /** Part of a transaction that is aborted after a while: nobody may see it. */
  readonly aborted: boolean
}

/** One run as plain data, which determines everything: a part of it can be left out and the rest replayed. */
export type Scenario = {
  readonly seed: number
  readonly kind: Kind
  readonly records: readonly SourceRecord[]
  readonly faults: readonly Fault[]
  readonly transactionTimeoutMs: number
}

export const PARTITIONS = 2
export const HEAL_MS = 25_000
const KEYS_A_PARTITION = 2

/** Runs with a lake are the most expensive, because they write and read Avro; there are fewer of them. */
const weights: readonly (readonly [Kind, number])[] = [
  ['loop', 13],
  ['inbox', 8],
  ['lake', 2],
  ['chain', 1],
]
const kinds = weights.flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind))

const callsOf: Readonly<Record<'loop' | 'inbox' | 'lake', readonly string[]>> = {
  loop: [
    ...['initProducerId', 'offsetFetch', 'addPartitions', 'produce', 'produce', 'addOffsets'],
    ...['txnOffsetCommit', 'endTxn', 'endTxn', 'endTxn', 'fetch', 'join'],
  ],
  inbox: ['read', 'append', 'append', 'append', 'offsetCommit', 'offsetCommit', 'fetch', 'join'],
  lake: ['loadTable', 'putFile', 'commitTable', 'commitTable', 'commitTable', 'fetch', 'join'],
}

/** The least number of these calls by a process; others are made seven times in most runs. */
const rare: Readonly<Record<string, number>> = { join: 2, loadTable: 2, commitTable: 4 }

export function scenarioOf(seed: number): Scenario {
  const chance = new Chance(seed)
  const kind = chance.pick('kind', kinds)
  const count = chance.between('records', 24, 36)
  const roles: readonly ('loop' | 'inbox' | 'lake')[] =
    kind === 'chain' ? ['loop', 'inbox', 'lake'] : [kind]
  const faults = Array.from({ length: chance.between('faults', 2, 6) }, (_, index) =>
    faultOf(chance, `fault ${index}`, chance.pick(`fault ${index} role`, roles)),
  )
  return {
    seed,
    kind,
    records: recordsOf(chance, count),
    faults,
    transactionTimeoutMs: chance.pick('transaction timeout', [5_000, 60_000]),
  }
}

function recordsOf(chance: Chance, count: number): readonly SourceRecord[] {
  const records: SourceRecord[] = []
  let atMs = 0
  for (let index = 0; index < count; index++) {
    const ask = `record ${index}`
    atMs += chance.happens(`${ask} pause`, 0.15) ? chance.between(ask, 300, 1_200) : 40
    const aborted = chance.happens(`${ask} aborted`, 0.12)
    const earlier = records.filter((record) => !record.aborted)
    if (!aborted && earlier.length > 3 && chance.happens(`${ask} republished`, 0.12)) {
      records.push({ ...chance.pick(`${ask} which`, earlier), atMs })
      continue
    }
    const partition = chance.between(`${ask} partition`, 0, PARTITIONS - 1)
    const key = `k${partition}${chance.between(`${ask} key`, 0, KEYS_A_PARTITION - 1)}`
    records.push({
      atMs,
      partition,
      key,
      eventId: aborted ? `ghost${index}` : `e${index}`,
      aborted,
    })
  }
  return records
}

function faultOf(chance: Chance, ask: string, role: 'loop' | 'inbox' | 'lake'): Fault {
  const process = `${role}-${chance.between(`${ask} process`, 0, 1)}`
  const call = chance.pick(`${ask} call`, callsOf[role])
  const nth = chance.between(`${ask} nth`, 1, rare[call] ?? 7)
  const place = { process, call, nth }
  const forMs = chance.between(`${ask} for`, 100, 3_000)
  const way = chance.fraction(`${ask} kind`)
  if (way < 0.25) {
    return { ...place, kind: 'kill', served: chance.happens(`${ask} served`, 0.6), forMs }
  }
  if (way < 0.5) return { ...place, kind: 'stop', forMs: chance.between(`${ask} for`, 500, 11_000) }
  if (way < 0.72) return { ...place, kind: 'lose-answer' }
  if (way < 0.8) return { ...place, kind: 'lose-request' }
  if (way < 0.9) return { ...place, kind: 'late', forMs }
  if (way < 0.95 || !['produce', 'commitTable'].includes(call)) {
    return { ...place, kind: 'slow', forMs }
  }
  return { ...place, kind: 'twice' }
}
