import type { Evidence, Value } from './evidence.ts'
import { mayBeVisible } from './evidence.ts'
import { type TopicPartition, topicPartitionKey } from './operations.ts'

type Entry = { readonly value: string; readonly by: number }

/**
 * A partition as the history shows it. Unknown offsets mean nothing: markers of transactions have offsets, and so do
 * records of other writers.
 */
export type PartitionLog = {
  readonly topicPartition: TopicPartition
  /** The value that was read or acknowledged at an offset, aborted or not. A second value is a conflict. */
  readonly entries: ReadonlyMap<bigint, Entry>
  readonly conflicts: ReadonlyMap<bigint, readonly Entry[]>
  /** Offsets, ascending, of values that every reader of committed data must see. */
  readonly visible: readonly bigint[]
}

type Growing = {
  readonly topicPartition: TopicPartition
  readonly entries: Map<bigint, Entry>
  readonly conflicts: Map<bigint, Entry[]>
  readonly visible: Set<bigint>
}

export type Logs = ReadonlyMap<string, PartitionLog>

export function buildLogs({ values, proven }: Evidence): Logs {
  const logs = new Map<string, Growing>()
  for (const value of values.values()) {
    const isVisible = mayBeVisible(value, proven)
    for (const { poll, record } of value.sightings) {
      const log = logOf(logs, record)
      enter(log, record.offset, { value: record.value, by: poll.begin })
      if (isVisible) log.visible.add(record.offset)
    }
    enterAttempts(logs, value)
  }
  return new Map(
    [...logs].map(([key, log]) => [key, { ...log, visible: ascending([...log.visible]) }]),
  )
}

/** The first visible offset from `from` on and below `to`. */
export function firstVisible(
  log: PartitionLog | undefined,
  from: bigint,
  to: bigint,
): bigint | undefined {
  if (log === undefined || from >= to) return undefined
  const found = log.visible[lowerBound(log.visible, from)]
  return found !== undefined && found < to ? found : undefined
}

/** A copy in ascending order. A list that is already ascending, as most are, is not sorted. */
export function ascending(offsets: readonly bigint[]): readonly bigint[] {
  return [...offsets].sort((one, other) => (one < other ? -1 : one > other ? 1 : 0))
}

/** The index of the first offset that is not below `least`. */
export function lowerBound(offsets: readonly bigint[], least: bigint): number {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const found = offsets[middle]
    if (found !== undefined && found < least) low = middle + 1
    else high = middle
  }
  return low
}

/** An aborted record has an offset like any other. */
function enterAttempts(logs: Map<string, Growing>, { attempts }: Value): void {
  for (const { send, record } of attempts) {
    const { topic, partition, offset, value } = record
    if (send.outcome !== 'ok' || partition === undefined || offset === undefined) continue
    enter(logOf(logs, { topic, partition }), offset, { value, by: send.begin })
  }
}

function enter({ entries, conflicts }: Growing, offset: bigint, entry: Entry): void {
  const known = entries.get(offset)
  if (known === undefined) {
    entries.set(offset, entry)
    return
  }
  if (known.value === entry.value) return
  const those = conflicts.get(offset) ?? [known]
  conflicts.set(offset, those)
  if (those.every(({ value }) => value !== entry.value)) those.push(entry)
}

function logOf(logs: Map<string, Growing>, { topic, partition }: TopicPartition): Growing {
  const key = topicPartitionKey({ topic, partition })
  const known = logs.get(key)
  if (known !== undefined) return known
  const made: Growing = {
    ...{ topicPartition: { topic, partition }, entries: new Map(), conflicts: new Map() },
    visible: new Set(),
  }
  logs.set(key, made)
  return made
}
