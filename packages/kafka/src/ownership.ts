import type { Kafka, Producer } from 'kafkajs'
import { hasErrorType } from './error-type.ts'
import { discard, durableProducer } from './producer.ts'

/** A partition of a topic, and the group that reads it. */
export type Place = {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

/** What we need of kafkajs's producer. */
export type TransactionalProducer = Pick<Producer, 'transaction' | 'disconnect'>

/** What one needs to write a partition's effects alone: a producer whose predecessors are fenced. */
export type Takeover = {
  readonly producer: TransactionalProducer
  /** The first offset without a committed effect; undefined when nothing was ever committed. */
  readonly committed: bigint | undefined
}

export type TakeOver = (place: Place) => Promise<Takeover>

export type TakeoverOptions = {
  readonly kafka: Kafka
  /** How long the broker lets a transaction of ours stand open when we are gone. */
  readonly transactionTimeoutMs: number
  /** A moment at which a test may stop us: the fence is up, committed offsets are not read yet. */
  readonly onHalfTaken?: (place: Place) => Promise<void> | void
}

/**
 * The guard. It keeps one effect a record when an owner was stopped, its partition given to another, and it goes on:
 *
 * 1. the transactional id belongs to the partition, not to the process, so that old and new owner share it;
 * 2. opening a transaction (only that, not `connect`) asks for a producer id: the broker raises the epoch, refuses
 *    everything of the old owner from now on, and answers when its unfinished transaction is aborted or committed;
 * 3. only then are committed offsets read: before, the old owner's commit might still have been on its way.
 *
 * Without it records are doubled: the control of test/seams/03-durable-clients/exactly-once-loop.test.ts shows that.
 *
 * @throws whatever the broker says; nothing of it stays open.
 */
export function fencingTakeover(options: TakeoverOptions): TakeOver {
  return async (place) => {
    const producer = await openProducer(options, transactionalIdOf(place))
    try {
      const fence = await producer.transaction()
      await options.onHalfTaken?.(place)
      const committed = await committedOffset(options.kafka, place)
      await fence.abort()
      return { producer, committed }
    } catch (error) {
      await discard(producer)
      throw error
    }
  }
}

export const transactionalIdOf = ({ groupId, topic, partition }: Place): string =>
  `${groupId}-${topic}-${partition}`

/** A transaction needs all three: idempotence, one request in flight, and a bound after which the broker ends it. */
export async function openProducer(
  { kafka, transactionTimeoutMs }: TakeoverOptions,
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
export async function committedOffset(kafka: Kafka, place: Place): Promise<bigint | undefined> {
  const { groupId, topic, partition } = place
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

/** Whether the broker has refused us because somebody younger owns the transactional id. */
export function isFenced(error: unknown): boolean {
  return hasErrorType(error, fencings)
}

/**
 * Makes the reader join its group anew: a new generation, positions from what is committed. kafkajs does so only for an
 * error of this type; after any other it would fetch again in the old generation, or stay away (runner.js).
 */
export class RejoinError extends Error {
  readonly code = 'REJOIN'
  readonly retriable = true
  readonly type = 'REBALANCE_IN_PROGRESS'

  constructor(cause: unknown) {
    super('the partition is taken over anew', { cause })
  }
}
