import type { TakeOver } from '@tenseams/kafka/ownership'
import { durableProducer } from '@tenseams/kafka/producer'
import type { Consumer, Kafka, Producer, Transaction } from 'kafkajs'

type Sends = Pick<Producer, 'send' | 'sendBatch'>
type Commits = Pick<Consumer, 'commitOffsets'>

/**
 * Makes of the transactional loop the same loop without transactions: as durable (acks=all, idempotent, one request in
 * flight), at least once, since the group's offsets are committed when the records are acknowledged. All else is the very
 * code that is measured beside it: what it fetches, when it writes, how much at once, one producer a partition.
 *
 * Nobody is fenced, so this is for measuring only.
 */
export function withoutTransactions(kafka: Kafka, consumer: () => Commits): TakeOver {
  return async () => {
    const producer = kafka.producer({
      ...durableProducer,
      retry: { initialRetryTime: 20, maxRetryTime: 300, retries: 30 },
    })
    await producer.connect()
    const transaction = async () => plainTransaction(producer, consumer())
    return {
      producer: { transaction, disconnect: () => producer.disconnect() },
      committed: undefined,
    }
  }
}

/** Sends at once, commits offsets when it is told to, and has nothing left to commit or to abort. */
export function plainTransaction(producer: Sends, consumer: Commits): Transaction {
  return {
    send: (record) => producer.send(record),
    sendBatch: (batch) => producer.sendBatch(batch),
    sendOffsets: ({ topics }) =>
      consumer.commitOffsets(
        topics.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, ...each }))),
      ),
    commit: async () => undefined,
    abort: async () => undefined,
    isActive: () => true,
  }
}
