import { type Offsets, partitionKey } from '@tenseams/iceberg/offsets/offsets'
import type { LeaderEpochs, TopicLogs } from '@tenseams/iceberg/offsets/topics'
import type { TopicIdentity } from '@tenseams/kafka/topic-logs'

/** A topic's log as the brokers have it now. */
export type LogNow = TopicIdentity & {
  readonly partitions: ReadonlyMap<number, { readonly first: bigint; readonly end: bigint }>
  /** For a partition of which the table knows the leader epoch of its last commit: where that epoch ends in the log. */
  readonly endsOfEpochs: ReadonlyMap<number, bigint>
}

/** What a table has recorded about the log of its topic. */
export type Recorded = { readonly topics: TopicLogs; readonly offsets: Offsets }

/** The log that a table's next records must come from. An empty id: the brokers had none. */
export type TableLog = {
  readonly id: string
  readonly epoch: number
  /** The epoch of each partition's leader when the table was opened. */
  readonly leaderEpochs: ReadonlyMap<number, number>
}

/** False when records that were fetched since the table was opened may be of another log, or of one that lost its end. */
export function isSameLog({ id, leaderEpochs }: TableLog, now: TopicIdentity): boolean {
  const isSameTopic = (now.id ?? '') === id
  return (
    isSameTopic && [...now.leaderEpochs].every(([key, epoch]) => leaderEpochs.get(key) === epoch)
  )
}

/** How a log goes on from what a table has. */
export type Continuity = {
  readonly log: TableLog
  /** The topic's id now; empty when the brokers have none. */
  readonly idNow: string
  /** The next offset of each partition. */
  readonly nextOffsets: ReadonlyMap<number, bigint>
  /** Why the log does not continue the table; empty when it does. */
  readonly breaks: readonly string[]
  /** Where a person who accepts the log has it begin: every record that the table cannot have, and none that it has. */
  readonly acceptFrom: ReadonlyMap<number, bigint>
}

/** What is wrong with one partition, and where the records begin that the table does not have. */
type Break = { readonly what: string; readonly acceptFrom: bigint }

/**
 * Compares the offsets of a table with the log that they should belong to. The table has records that the log has not when the
 * topic was deleted and made again, or when a power cut took the end of the log, which Kafka does not sync record by record. To
 * read on would then skip the records that took their offsets.
 */
export function continuityOf(topic: string, recorded: Recorded, now: LogNow): Continuity {
  const known = recorded.topics[topic]
  const { leaderEpochs } = now
  const log = { id: known?.id || (now.id ?? ''), epoch: known?.epoch ?? 0, leaderEpochs }
  const isAnother = now.id !== undefined && now.id !== log.id
  const breaks = isAnother
    ? [
        `${topic} was deleted and made again: its id is ${now.id}, the table's offsets are of ${log.id}`,
      ]
    : []
  const nextOffsets = new Map<number, bigint>()
  const acceptFrom = new Map<number, bigint>()
  for (const [partition, { first, end }] of now.partitions) {
    const offset = recorded.offsets[partitionKey(topic, partition, log.epoch)]
    nextOffsets.set(partition, offset ?? first)
    const broken =
      offset !== undefined && breakOf(offset, first, end, now.endsOfEpochs.get(partition))
    if (broken && !isAnother) breaks.push(`${topic}-${partition}: ${broken.what}`)
    if (isAnother) acceptFrom.set(partition, first)
    else if (offset !== undefined) acceptFrom.set(partition, broken ? broken.acceptFrom : offset)
  }
  return { log, idNow: now.id ?? '', nextOffsets, breaks, acceptFrom }
}

/** The leader epochs under which a table has last read its partitions. */
export function knownEpochs(
  topic: string,
  { topics }: Pick<Recorded, 'topics'>,
  leaderEpochs: LeaderEpochs,
  partitions: Iterable<number>,
): ReadonlyMap<number, number> {
  const epoch = topics[topic]?.epoch ?? 0
  return new Map(
    [...partitions].flatMap((partition) => {
      const known = leaderEpochs[partitionKey(topic, partition, epoch)]
      return known === undefined ? [] : [[partition, known] as const]
    }),
  )
}

function breakOf(
  offset: bigint,
  first: bigint,
  end: bigint,
  endOfEpoch: bigint | undefined,
): Break | undefined {
  if (endOfEpoch !== undefined && endOfEpoch < offset) {
    const what = `the log has lost its records from ${endOfEpoch} on, and the table has records up to ${offset - 1n}`
    return { what, acceptFrom: endOfEpoch }
  }
  if (end < offset) {
    const what = `the log ends at ${end}, and the table has records up to ${offset - 1n}`
    return { what, acceptFrom: end }
  }
  if (first > offset) {
    const what = `the log begins at ${first}: the records from ${offset} on were deleted before they were read`
    return { what, acceptFrom: first }
  }
  return undefined
}
