import type { Attempt, Transaction } from './attempts.ts'
import { ofKind, type PolledRecord, type PollOperation, topicPartitionKey } from './operations.ts'
import type { History } from './read.ts'
import { transactionsOf } from './transactions.ts'

export type Sighting = { readonly poll: PollOperation; readonly record: PolledRecord }

/** What is known of a value in a topic. */
export type Value = {
  readonly topic: string
  readonly value: string
  readonly attempts: Attempt[]
  readonly sightings: Sighting[]
}

/**
 * The fate of an attempt. `aborted`: it was refused or aborted. `uncommitted`: its transaction was abandoned before a
 * commit was requested.
 */
export type Fate = 'acknowledged' | 'possible' | 'aborted' | 'uncommitted'

export type Evidence = {
  readonly values: ReadonlyMap<string, Value>
  readonly transactions: ReadonlyMap<string, Transaction>
  /** Topics with at least one recorded send: all their writers are then assumed to be recorded. */
  readonly writtenTopics: ReadonlySet<string>
  /** Unacknowledged transactions of which a value was seen at the offset of its write. */
  readonly proven: ReadonlySet<Transaction>
}

export const valueKey = (topic: string, value: string): string => `${topic}\n${value}`

export function gatherEvidence({ operations }: History): Evidence {
  const transactions = transactionsOf(operations)
  const values = new Map<string, Value>()
  const writtenTopics = new Set<string>()
  for (const send of ofKind(operations, 'send')) {
    const id = send.transaction
    const transaction = id === undefined ? undefined : transactions.get(id)
    for (const record of send.records) {
      writtenTopics.add(record.topic)
      const attempt = { send, record, transaction }
      knownValue(values, record).attempts.push(attempt)
      transaction?.attempts.push(attempt)
    }
  }
  for (const poll of ofKind(operations, 'poll')) {
    for (const record of poll.records) knownValue(values, record).sightings.push({ poll, record })
  }
  return { values, transactions, writtenTopics, proven: provenIn(transactions, values) }
}

export function fateOf(attempt: Attempt, proven: ReadonlySet<Transaction>): Fate {
  const { send, transaction } = attempt
  if (send.outcome === 'fail') return 'aborted'
  if (transaction !== undefined && !proven.has(transaction)) {
    if (transaction.outcome === 'aborted') return 'aborted'
    if (transaction.outcome === 'unfinished') return 'uncommitted'
    if (transaction.outcome === 'unknown') return 'possible'
  }
  return send.outcome === 'ok' ? 'acknowledged' : 'possible'
}

/** Whether readers of committed data may see it. A value without a recorded writer may. */
export function mayBeVisible({ attempts }: Value, proven: ReadonlySet<Transaction>): boolean {
  if (attempts.length === 0) return true
  return attempts.some((attempt) => {
    const fate = fateOf(attempt, proven)
    return fate === 'acknowledged' || fate === 'possible'
  })
}

/** Before this index no reader of committed data can have seen it. */
export function visibleFrom(attempt: Attempt): number {
  return attempt.transaction?.commitBegin ?? attempt.send.begin
}

/** The partition that an attempt wrote to; undefined when it isn't known. */
export function keyOfPartition({ record: { topic, partition } }: Attempt): string | undefined {
  return partition === undefined ? undefined : topicPartitionKey({ topic, partition })
}

export function wasSeenThere({ record }: Attempt, { sightings }: Value): boolean {
  return sightings.some(
    ({ record: seen }) => seen.partition === record.partition && seen.offset === record.offset,
  )
}

function knownValue(
  values: Map<string, Value>,
  { topic, value }: { readonly topic: string; readonly value: string },
): Value {
  const key = valueKey(topic, value)
  const known = values.get(key)
  if (known !== undefined) return known
  const made: Value = { topic, value, attempts: [], sightings: [] }
  values.set(key, made)
  return made
}

function provenIn(
  transactions: ReadonlyMap<string, Transaction>,
  values: ReadonlyMap<string, Value>,
): ReadonlySet<Transaction> {
  const unknown = [...transactions.values()].filter(({ outcome }) => outcome === 'unknown')
  return new Set(unknown.filter(({ attempts }) => attempts.some((one) => isSeen(one, values))))
}

/** A retried value may have been seen because of its other attempt. */
function isSeen(attempt: Attempt, values: ReadonlyMap<string, Value>): boolean {
  const value = values.get(valueKey(attempt.record.topic, attempt.record.value))
  if (value === undefined || value.sightings.length === 0) return false
  return value.attempts.length === 1 || wasSeenThere(attempt, value)
}
