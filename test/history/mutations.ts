import type { Line } from './model-broker.ts'

type Polled = { topic: string; partition: number; offset: string; value: string }
type Sent = { topic: string; partition: number; offset?: string; value: string }
type Spot = { readonly line: Line; readonly records: Polled[]; readonly at: number }

/** A history with one change, and whether the change does harm, decided without the checker. */
export type Mutation = { readonly lines: readonly Line[]; readonly isHarmless: boolean }

/** Changes its own copy of the lines, and returns whether that does harm; undefined when there is nothing to change. */
type Change = (
  lines: Line[],
  pick: <One>(from: readonly One[]) => One | undefined,
) => boolean | undefined

export const mutations: Readonly<Record<string, Change>> = {
  'a polled record is dropped': (lines, pick) => {
    const spot = pick(polledRecords(lines))
    if (spot === undefined) return undefined
    const isHarmful = isMissed(lines, spot)
    spot.records.splice(spot.at, 1)
    return isHarmful
  },
  'a polled record is handed over twice': (lines, pick) => {
    const spot = pick(polledRecords(lines))
    const record = spot?.records[spot.at]
    if (spot === undefined || record === undefined) return undefined
    spot.records.splice(spot.at, 0, record)
    return true
  },
  'two polled records are swapped': (lines, pick) => {
    const spot = pick(polledRecords(lines).filter(({ records, at }) => at + 1 < records.length))
    if (spot === undefined) return undefined
    const { records, at } = spot
    records.splice(at, 2, ...records.slice(at, at + 2).reverse())
    return true
  },
  'two polls of a reader are swapped': (lines, pick) => {
    const pairs = polls(lines).flatMap((line) => {
      const next = followerOf(lines, line, recordsOf(line)[0])
      return next === undefined || recordsOf(next).length === 0 ? [] : [[line, next] as const]
    })
    const [one, other] = pick(pairs) ?? []
    if (one === undefined || other === undefined) return undefined
    for (const field of ['records', 'positions']) {
      const kept = one[field]
      one[field] = other[field]
      other[field] = kept
    }
    return true
  },
  'a value is read at the offset of another': (lines, pick) => {
    const spots = polledRecords(lines)
    const spot = pick(spots)
    const record = spot?.records[spot.at]
    const other = pick(
      spots
        .map(({ records, at }) => records[at])
        .filter((one) => one?.topic === record?.topic && one?.value !== record?.value),
    )
    if (record === undefined || other === undefined) return undefined
    record.value = other.value
    return true
  },
  'a send that was seen is denied': (lines, pick) => {
    const completion = pick(seenSends(lines))
    if (completion === undefined) return undefined
    completion['phase'] = 'fail'
    return true
  },
  'a commit that was seen is denied': (lines, pick) => {
    const seen = valuesSeen(lines)
    const commits = lines.filter((line) => {
      const call = invocationOf(lines, line)
      if (line['kind'] !== 'commit' || line['phase'] !== 'ok' || call === undefined) return false
      const sends = lines.filter((one) => one['transaction'] === call['transaction'])
      return sends.some((one) => sentOf(one).some(({ value }) => seen.has(value)))
    })
    const completion = pick(commits)
    if (completion === undefined) return undefined
    completion['phase'] = 'fail'
    return true
  },
  'the offsets of two acknowledgements are swapped': (lines, pick) => {
    const told = seenSends(lines).filter((line) => sentOf(line)[0]?.offset !== undefined)
    const [one] = sentOf(pick(told))
    const [other] = sentOf(
      pick(
        told.filter((line) => {
          const [sent] = sentOf(line)
          return sent?.topic === one?.topic && sent?.offset !== one?.offset
        }),
      ),
    )
    if (one?.offset === undefined || other?.offset === undefined) return undefined
    const kept = one.offset
    one.offset = other.offset
    other.offset = kept
    return true
  },
  'a send that was seen is forgotten': (lines, pick) => {
    const completion = pick(seenSends(lines))
    const call = completion && invocationOf(lines, completion)
    const [sent] = sentOf(call)
    if (call === undefined || completion === undefined || sent === undefined) return undefined
    for (const line of [completion, call]) lines.splice(lines.indexOf(line), 1)
    return lines.some((line) => sentOf(line).some(({ topic }) => topic === sent.topic))
  },
}

export function mutate(clean: readonly Line[], name: string, number: number): Mutation | undefined {
  const lines = structuredClone(clean) as Line[]
  const isHarmful = mutations[name]?.(lines, (from) => from[number % Math.max(1, from.length)])
  return isHarmful === undefined ? undefined : { lines, isHarmless: !isHarmful }
}

/**
 * Whether a record's absence from one poll contradicts the rest: its reader has been before it and behind it, and
 * others have it, or its writer was told that it is there.
 */
function isMissed(lines: readonly Line[], { line, records, at }: Spot): boolean {
  const record = records[at]
  if (record === undefined) return false
  const isElsewhere = polledRecords(lines).some(
    (spot) => spot.records[spot.at]?.value === record.value && spot.line !== line,
  )
  if (!isElsewhere) return isAcknowledged(lines, record)
  const isSame = (one: Polled | undefined) => isSamePartition(one, record)
  const positions = line['positions'] as readonly Polled[]
  const before =
    records.slice(0, at).some(isSame) || positions.some(isSame) || wasHere(lines, line, record)
  const after = records.slice(at + 1).some(isSame) || followerOf(lines, line, record) !== undefined
  return before && after
}

/** Its send and its commit were acknowledged, or another value of the transaction was seen. */
function isAcknowledged(lines: readonly Line[], { value }: Polled): boolean {
  const completion = lines.find(
    (line) => line['phase'] === 'ok' && sentOf(line).some((sent) => sent.value === value),
  )
  if (completion === undefined) return false
  const transaction = invocationOf(lines, completion)?.['transaction']
  if (transaction === undefined) return true
  const call = lines.find(
    (line) => line['kind'] === 'commit' && line['transaction'] === transaction,
  )
  const isCommitted = lines.some((line) => line['of'] === call?.index && line['phase'] === 'ok')
  const seen = valuesSeen(lines)
  return (
    isCommitted ||
    lines.some(
      (line) =>
        line['transaction'] === transaction &&
        sentOf(line).some((sent) => sent.value !== value && seen.has(sent.value)),
    )
  )
}

/** The reader's next poll of the partition, before anything changes its position there. */
function followerOf(
  lines: readonly Line[],
  line: Line,
  topicPartition: Polled | undefined,
): Line | undefined {
  if (topicPartition === undefined) return undefined
  for (const one of lines.slice(lines.indexOf(line) + 1)) {
    if (one['process'] !== line['process']) continue
    if (isMove(one, topicPartition)) return undefined
    if (
      one['kind'] === 'poll' &&
      partitionsOf(one).some((other) => isSamePartition(other, topicPartition))
    )
      return one
  }
  return undefined
}

/** Whether the reader polled or sought the partition since its last assignment. */
function wasHere(lines: readonly Line[], line: Line, topicPartition: Polled): boolean {
  for (const one of lines.slice(0, lines.indexOf(line)).reverse()) {
    if (one['process'] !== line['process']) continue
    if (isMove(one, topicPartition)) return one['kind'] === 'seek'
    if (
      one['kind'] === 'poll' &&
      partitionsOf(one).some((other) => isSamePartition(other, topicPartition))
    )
      return true
  }
  return false
}

function isMove(line: Line, topicPartition: Polled): boolean {
  if (line['kind'] === 'seek')
    return partitionsOf(line).some((other) => isSamePartition(other, topicPartition))
  return line['kind'] === 'crash' || line['kind'] === 'assign'
}

function partitionsOf(line: Line): readonly Polled[] {
  return [...((line['positions'] ?? []) as readonly Polled[]), ...recordsOf(line)]
}

function isSamePartition(one: Polled | undefined, other: Polled): boolean {
  return one?.topic === other.topic && one.partition === other.partition
}

function polls(lines: readonly Line[]): readonly Line[] {
  return lines.filter((line) => line['kind'] === 'poll')
}

function recordsOf(line: Line): Polled[] {
  return line['kind'] === 'poll' ? (line['records'] as Polled[]) : []
}

function polledRecords(lines: readonly Line[]): readonly Spot[] {
  return polls(lines).flatMap((line) => {
    const records = recordsOf(line)
    return records.map((_, at) => ({ line, records, at }))
  })
}

function valuesSeen(lines: readonly Line[]): ReadonlySet<string> {
  return new Set(polledRecords(lines).flatMap(({ records, at }) => records[at]?.value ?? []))
}

/** Acknowledgements of values that were read. */
function seenSends(lines: readonly Line[]): readonly Line[] {
  const seen = valuesSeen(lines)
  return lines.filter(
    (line) => line['phase'] === 'ok' && sentOf(line).some(({ value }) => seen.has(value)),
  )
}

function sentOf(line: Line | undefined): readonly Sent[] {
  return line?.['kind'] === 'send' ? ((line['records'] ?? []) as readonly Sent[]) : []
}

function invocationOf(lines: readonly Line[], completion: Line): Line | undefined {
  return lines.find(({ index }) => index === completion['of'])
}
