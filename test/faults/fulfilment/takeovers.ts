import { randomUUID } from 'node:crypto'
import {
  committedOffset,
  fencingTakeover,
  openProducer,
  type TakeOver,
  type TakeoverOptions,
  type TransactionalProducer,
  transactionalIdOf,
} from '@tenseams/kafka/ownership'
import { discard, durableProducer } from '@tenseams/kafka/producer'

/** Output is sent at once by an idempotent producer; only the offsets are in a transaction, afterwards. */
export function sendOutsideTransaction(options: TakeoverOptions): TakeOver {
  const takeOver = fencingTakeover(options)
  return async (topicPartition) => {
    const { producer, committed } = await takeOver(topicPartition)
    const outside = options.kafka.producer(durableProducer)
    await outside.connect()
    const sending: TransactionalProducer = {
      transaction: async () => ({
        ...(await producer.transaction()),
        send: (record) => outside.send(record),
      }),
      disconnect: async () => {
        await discard(outside)
        await producer.disconnect()
      },
    }
    return { producer: sending, committed }
  }
}

/** The transactional id contains the process, so a new owner of the partition fences nobody. */
export function useIdOfProcess(options: TakeoverOptions): TakeOver {
  const processId = randomUUID()
  return async (topicPartition) => {
    const producer = await openProducer(
      options,
      `${transactionalIdOf(topicPartition)}-${processId}`,
    )
    const fence = await producer.transaction()
    await options.onHalfTaken?.(topicPartition)
    const committed = await committedOffset(options.kafka, topicPartition)
    await fence.abort()
    return { producer, committed }
  }
}

/** Offsets are read before the fence: what the old owner commits in between is processed again. */
export function readBeforeFence(options: TakeoverOptions): TakeOver {
  return async (topicPartition) => {
    const committed = await committedOffset(options.kafka, topicPartition)
    await options.onHalfTaken?.(topicPartition)
    const producer = await openProducer(options, transactionalIdOf(topicPartition))
    const fence = await producer.transaction()
    await fence.abort()
    return { producer, committed }
  }
}
