import type { TopicPartition } from '../ownership.ts'

/** Of no group. */
type Partition = Pick<TopicPartition, 'topic' | 'partition'>

/** A transaction as its coordinator describes it. */
export type DescribedTransaction = {
  readonly transactionalId: string
  readonly state: string
  readonly producerId: bigint
  readonly timeoutMs: number
  readonly startedAtMs: number
  readonly partitions: readonly Partition[]
}

/** A producer that has records of an undecided transaction in a partition, as the partition's leader describes it. */
export type OpenProducer = Partition & {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  /** Its first undecided record: readers of committed data stand before the smallest. */
  readonly firstOffset: bigint
  readonly lastWrittenAtMs: number
}

/** A transaction that is not decided. */
export type OpenTransaction =
  | {
      readonly kind: 'known'
      readonly transaction: DescribedTransaction
      readonly ageMs: number
      readonly producers: readonly OpenProducer[]
    }
  /** Its coordinator does not know it (any more), so no timeout ends it, and readers of the partition wait for ever. */
  | { readonly kind: 'hanging'; readonly producer: OpenProducer; readonly ageMs: number }

/**
 * A producer's transaction that its coordinator does not list may have begun between the two questions. It hangs when its last
 * record is older than the longest timeout that a broker lets a transaction have (`transaction.max.timeout.ms`).
 */
const LONGEST_TIMEOUT_MS = 900_000

/**
 * What the coordinators and the partitions' leaders say, put together, the oldest first.
 *
 * @param described was asked for before `producers`, so that what was decided in between is in neither.
 */
export function openTransactionsIn(
  described: readonly DescribedTransaction[],
  producers: readonly OpenProducer[],
  nowMs: number,
): readonly OpenTransaction[] {
  const known = described.map((transaction) => ({
    kind: 'known' as const,
    transaction,
    ageMs: nowMs - transaction.startedAtMs,
    producers: producers.filter((producer) => isOf(transaction, producer)),
  }))
  const hanging = producers
    .filter((producer) => !described.some((transaction) => isOf(transaction, producer)))
    .filter(({ lastWrittenAtMs }) => nowMs - lastWrittenAtMs > LONGEST_TIMEOUT_MS)
    .map((producer) => ({
      ...{ kind: 'hanging' as const, producer },
      ageMs: nowMs - producer.lastWrittenAtMs,
    }))
  return [...known, ...hanging].toSorted((one, other) => other.ageMs - one.ageMs)
}

/** A partition that the coordinator does not list is of an earlier transaction of this producer. */
function isOf({ producerId, partitions }: DescribedTransaction, producer: OpenProducer): boolean {
  return (
    producer.producerId === producerId &&
    partitions.some(
      ({ topic, partition }) => topic === producer.topic && partition === producer.partition,
    )
  )
}
