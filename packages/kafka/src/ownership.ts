import type { Kafka, Producer } from 'kafkajs'
import { hasErrorType } from './error-type.ts'
import { discard, durableProducer } from './producer.ts'

/** A partition of a topic, as one consumer group reads it. */
export type TopicPartition = {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

/** What we need of kafkajs's producer. */
export type TransactionalProducer = Pick<Producer, 'transaction' | 'disconnect'>

/** What the new owner of a partition works with: a producer whose predecessors are fenced. */
export type Takeover = {
  readonly producer: TransactionalProducer
  /** The first offset without a committed effect; undefined when nothing was ever committed. */
  readonly committed: bigint | undefined
}

export type TakeOver = (topicPartition: TopicPartition) => Promise<Takeover>

export type ProducerOptions = {
  readonly kafka: Kafka
  /** After how long the broker aborts an open transaction of ours when we are gone. */
  readonly transactionTimeoutMs: number
}

export type TakeoverOptions = ProducerOptions & {
  /** The moment after the fence and before committed offsets are read, at which a test may stop the process. */
  readonly onHalfTaken?: (topicPartition: TopicPartition) => Promise<void> | void
}

/**
 * Takes over a partition, so that each record keeps one effect even when an owner is paused, loses its partition, and
 * then continues:
 *
 * 1. the transactional id belongs to the partition, not to the process, so that old and new owner share it;
 * 2. the old owner is fenced (`openFencedProducer`);
 * 3. only then are committed offsets read: before the fence, the old owner's commit might still be on its way.
 *
 * Without it records are doubled: the control of test/seams/03-durable-clients/exactly-once-loop.test.ts shows that.
 *
 * @throws whatever the broker says; nothing stays open then.
 */
export function fencingTakeover(options: TakeoverOptions): TakeOver {
  return async (topicPartition) => {
    const id = transactionalIdOf(topicPartition)
    const { producer, value } = await openFencedProducer(options, id, async () => {
      await options.onHalfTaken?.(topicPartition)
      return committedOffset(options.kafka, topicPartition)
    })
    return { producer, committed: value }
  }
}

export const transactionalIdOf = ({ groupId, topic, partition }: TopicPartition): string =>
  `${groupId}-${topic}-${partition}`

/**
 * A producer that has fenced all earlier ones of its transactional id. Opening a transaction (only that, not `connect`)
 * asks for a producer id: the broker raises the epoch, refuses every further request of the old producer, and answers
 * when its unfinished transaction has been aborted or committed. What `readBehindFence` reads is therefore final.
 *
 * @throws whatever the broker or `readBehindFence` says; nothing stays open then.
 */
export async function openFencedProducer<Value>(
  options: ProducerOptions,
  transactionalId: string,
  readBehindFence: () => Promise<Value>,
): Promise<{ readonly producer: Producer; readonly value: Value }> {
  const producer = await openProducer(options, transactionalId)
  try {
    const fence = await producer.transaction()
    const value = await readBehindFence()
    await fence.abort()
    return { producer, value }
  } catch (error) {
    await discard(producer)
    throw error
  }
}

/** A transaction needs all three: idempotence, one request in flight, and a timeout after which the broker aborts it. */
export async function openProducer(
  { kafka, transactionTimeoutMs }: ProducerOptions,
  transactionalId: string,
): Promise<Producer> {
  const producer = kafka.producer({
    transactionalId,
    ...durableProducer,
    transactionTimeout: transactionTimeoutMs,
    // Right after a commit the broker answers CONCURRENT_TRANSACTIONS for some milliseconds.
    retry: { initialRetryTime: 20, maxRetryTime: 300, retries: 30 },
  })
  await producer.connect()
  return producer
}

/** The first offset without a committed effect, as the group has it now; undefined when there is none. */
export async function committedOffset(
  kafka: Kafka,
  { groupId, topic, partition }: TopicPartition,
): Promise<bigint | undefined> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const [read] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const found = read?.partitions.find((one) => one.partition === partition)
    const offset = BigInt(found?.offset ?? -1)
    return offset < 0n ? undefined : offset
  } finally {
    await admin.disconnect()
  }
}

const fencings = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'TRANSACTION_COORDINATOR_FENCED',
])

/** Whether the broker has refused us because a newer producer has the transactional id. */
export function isFenced(error: unknown): boolean {
  return hasErrorType(error, fencings)
}

/**
 * Makes the reader rejoin its group: a new generation, positions from the committed offsets. kafkajs rejoins only after
 * an error of this type; after any other it fetches again in the old generation, or stops (runner.js).
 */
export class RejoinError extends Error {
  readonly code = 'REJOIN'
  readonly retriable = true
  readonly type = 'REBALANCE_IN_PROGRESS'

  constructor(cause: unknown) {
    super('the partition must be taken over again', { cause })
  }
}
