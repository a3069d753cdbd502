import { type Anomaly, anomaly } from './anomaly.ts'
import { type Evidence, fateOf, type Sighting, type Value, visibleFrom } from './evidence.ts'
import type { Logs } from './log.ts'

/** Values that were seen and must not have been, or not yet, or not at that offset. */
export function judgeSightings(evidence: Evidence, logs: Logs): readonly Anomaly[] {
  const found: Anomaly[] = []
  for (const value of evidence.values.values()) {
    const unfit = judgeVisibility(value, evidence)
    if (unfit !== undefined) found.push(unfit)
    const duplicate = judgeDuplicate(value, evidence)
    if (duplicate !== undefined) found.push(duplicate)
  }
  for (const { topicPartition, conflicts } of logs.values()) {
    for (const [offset, entries] of conflicts) {
      const values = entries.map(({ value }) => value)
      const operations = entries.map(({ by }) => by)
      found.push(
        anomaly('inconsistent-offsets', `offset ${offset} holds ${values.join(' and ')}`, {
          ...{ ...topicPartition, operations, offsets: [offset], values },
        }),
      )
    }
  }
  return found
}

function judgeVisibility(value: Value, evidence: Evidence): Anomaly | undefined {
  const { topic, attempts, sightings } = value
  const [first] = sightings
  if (first === undefined) return undefined
  if (attempts.length === 0) {
    if (!evidence.writtenTopics.has(topic)) return undefined
    return witnessed('phantom-read', `${value.value} was read, and nobody sent it`, value, first)
  }
  const fates = attempts.map((attempt) => fateOf(attempt, evidence.proven))
  const open = attempts.filter((_, at) => fates[at] === 'acknowledged' || fates[at] === 'possible')
  if (open.length === 0) {
    if (fates.includes('aborted')) {
      const says = `${value.value} was read, and its writing failed or was aborted`
      return witnessed('aborted-read', says, value, first)
    }
    const says = `${value.value} was read, and nobody asked for its transaction's commit`
    return witnessed('precommitted-read', says, value, first)
  }
  const from = Math.min(...open.map(visibleFrom))
  const early = sightings.find(({ poll }) => poll.end < from)
  if (early === undefined) return undefined
  const says = `${value.value} was read before its commit, or its send, had begun`
  return witnessed('precommitted-read', says, value, early)
}

/** Aborted attempts are in the log as well; only what readers see counts. */
function judgeDuplicate(value: Value, { proven }: Evidence): Anomaly | undefined {
  const { topic, attempts, sightings } = value
  const topicPartitions = new Map<string, { readonly offset: bigint; readonly by: number }>()
  for (const { poll, record } of sightings) {
    const name = `${record.partition}:${record.offset}`
    if (!topicPartitions.has(name))
      topicPartitions.set(name, { offset: record.offset, by: poll.begin })
  }
  for (const attempt of attempts) {
    const { partition, offset } = attempt.record
    if (partition === undefined || offset === undefined) continue
    if (fateOf(attempt, proven) !== 'acknowledged' || topicPartitions.has(`${partition}:${offset}`))
      continue
    topicPartitions.set(`${partition}:${offset}`, { offset, by: attempt.send.begin })
  }
  if (topicPartitions.size < 2) return undefined
  const sorted = [...topicPartitions.values()].sort((one, other) =>
    Number(one.offset - other.offset),
  )
  return anomaly(
    'duplicate',
    `${value.value} lies at ${[...topicPartitions.keys()].join(' and ')}`,
    {
      topic,
      operations: [...new Set(sorted.map(({ by }) => by))],
      offsets: sorted.map(({ offset }) => offset),
      values: [value.value],
    },
  )
}

function witnessed(
  kind: 'phantom-read' | 'aborted-read' | 'precommitted-read',
  description: string,
  { topic, value, attempts }: Value,
  { poll, record }: Sighting,
): Anomaly {
  return anomaly(kind, description, {
    ...{ topic, partition: record.partition, offsets: [record.offset], values: [value] },
    operations: [...attempts.map(({ send }) => send.begin), poll.begin],
  })
}
