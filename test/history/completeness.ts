import { type Anomaly, anomaly } from './anomaly.ts'
import type { Attempt, Transaction } from './attempts.ts'
import {
  type Evidence,
  fateOf,
  keyOfPartition,
  type Value,
  valueKey,
  wasSeenThere,
} from './evidence.ts'
import type { Logs } from './log.ts'
import { type Operation, ofKind, topicPartitionKey } from './operations.ts'
import type { Passed } from './passed.ts'

/** Values that nobody has seen: `found` should have been seen, `unseen` may be beyond what was read. */
export type Missing = { readonly found: readonly Anomaly[]; readonly unseen: readonly Anomaly[] }

type Known = { readonly evidence: Evidence; readonly logs: Logs; readonly passed: Passed }

/** A final read of everything. */
type Ends = { readonly begin: number; readonly topics: ReadonlySet<string> }

/** Acknowledged values that nobody has seen. A conflict at their offset explains them and is reported elsewhere. */
export function judgeMissing(operations: readonly Operation[], known: Known): Missing {
  const { evidence, logs, passed } = known
  const ends = markEnds(operations, passed)
  const found: Anomaly[] = []
  const unseen: Anomaly[] = []
  const torn = new Map<Transaction, Attempt[]>()
  for (const value of evidence.values.values()) {
    const attempt = acknowledgedUnseen(value, evidence)
    if (attempt === undefined) continue
    const { offset } = attempt.record
    const topicPartition = keyOfPartition(attempt)
    if (topicPartition === undefined || offset === undefined) {
      const isDue = ends.some(
        ({ begin, topics }) => attempt.send.end < begin && topics.has(value.topic),
      )
      if (isDue) found.push(missing('unseen', value, attempt))
      else unseen.push(missing('unseen', value, attempt))
      continue
    }
    if (logs.get(topicPartition)?.conflicts.has(offset)) continue
    if (!passed.has(topicPartition, offset)) unseen.push(missing('unseen', value, attempt))
    else if (attempt.transaction !== undefined && isPartlySeen(attempt.transaction, evidence)) {
      const those = torn.get(attempt.transaction) ?? []
      torn.set(attempt.transaction, those)
      those.push(attempt)
    } else
      found.push(
        missing(wasRead(topicPartition, offset, known) ? 'lost-write' : 'unseen', value, attempt),
      )
  }
  return { found: [...found, ...[...torn].map(tornAnomaly)], unseen }
}

/** A final read counts as having read everything below its offsets, whatever it saw. */
function markEnds(operations: readonly Operation[], passed: Passed): readonly Ends[] {
  const finals = ofKind(operations, 'final-read').filter(({ outcome }) => outcome === 'ok')
  for (const { positions } of finals) {
    for (const position of positions) passed.add(topicPartitionKey(position), 0n, position.offset)
  }
  return finals.map(({ begin, positions }) => ({
    begin,
    topics: new Set(positions.map(({ topic }) => topic)),
  }))
}

/** True when a later offset was seen; otherwise everything missing is at the end. */
function wasRead(topicPartition: string, offset: bigint, { logs }: Known): boolean {
  const last = logs.get(topicPartition)?.visible.at(-1)
  return last !== undefined && last > offset
}

function acknowledgedUnseen(value: Value, { proven }: Evidence): Attempt | undefined {
  if (value.sightings.length > 0) return undefined
  return value.attempts.find((attempt) => fateOf(attempt, proven) === 'acknowledged')
}

function isPartlySeen({ attempts }: Transaction, { values }: Evidence): boolean {
  return attempts.some((attempt) => {
    const value = values.get(valueKey(attempt.record.topic, attempt.record.value))
    if (value === undefined || value.sightings.length === 0) return false
    return value.attempts.length === 1 || wasSeenThere(attempt, value)
  })
}

function missing(
  kind: 'lost-write' | 'unseen',
  { topic, value }: Value,
  attempt: Attempt,
): Anomaly {
  const { partition, offset } = attempt.record
  const where = offset === undefined ? 'at no known offset' : `at ${partition}:${offset}`
  const what = kind === 'unseen' ? 'nobody has read it' : 'readers passed it, and nobody saw it'
  return anomaly(kind, `${value} of ${topic} is acknowledged ${where}; ${what}`, {
    ...{ topic, values: [value], operations: [attempt.send.begin] },
    ...(partition !== undefined && { partition }),
    ...(offset !== undefined && { offsets: [offset] }),
  })
}

function tornAnomaly([{ id }, attempts]: readonly [Transaction, readonly Attempt[]]): Anomaly {
  const records = attempts.map(({ record }) => record)
  const [first] = records
  const values = records.map(({ value }) => value)
  const says = `${id} is seen in part; readers passed ${values.join(', ')}, and nobody saw it`
  return anomaly('torn-transaction', says, {
    ...(first?.partition !== undefined && { topic: first.topic, partition: first.partition }),
    operations: [...new Set(attempts.map(({ send }) => send.begin))],
    offsets: records.flatMap(({ offset }) => offset ?? []),
    values,
  })
}
