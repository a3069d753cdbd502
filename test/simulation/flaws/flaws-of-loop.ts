import {
  fencingTakeover,
  openProducer,
  type TakeOver,
  type TopicPartition,
  type TransactionalProducer,
  transactionalIdOf,
} from '@tenseams/kafka/ownership'
import type { Kafka, Producer, Transaction } from 'kafkajs'
import type { Environment } from '../clients/kafka-producer.ts'

export type TakeOverSettings = {
  readonly kafka: Kafka
  readonly environment: Environment
  readonly transactionTimeoutMs: number
  /** Identifies one start of one process. */
  readonly incarnation: string
}

type Offsets = Parameters<Transaction['sendOffsets']>[0]

export function sharedTransactionalId(settings: TakeOverSettings): TakeOver {
  let opened = 0
  return async (topicPartition) => {
    opened += 1
    const producer = await openProducer(settings, `${settings.incarnation}-${opened}`)
    const fence = await producer.transaction()
    const committed = await committedOffset(settings.kafka, topicPartition)
    await fence.abort()
    return { producer, committed }
  }
}

export function withoutFenceReread(settings: TakeOverSettings): TakeOver {
  return async (topicPartition) => {
    const committed = await committedOffset(settings.kafka, topicPartition)
    const producer = await openProducer(settings, transactionalIdOf(topicPartition))
    const fence = await producer.transaction()
    await fence.abort()
    return { producer, committed }
  }
}

export function producerKept(settings: TakeOverSettings): TakeOver {
  const kept = new Map<string, TransactionalProducer>()
  return async (topicPartition) => {
    const id = transactionalIdOf(topicPartition)
    const producer = kept.get(id) ?? (await openProducer(settings, id))
    kept.set(id, producer)
    const committed = await committedOffset(settings.kafka, topicPartition)
    return { producer: { ...methodsOf(producer), disconnect: async () => undefined }, committed }
  }
}

export function offsetsApart(settings: TakeOverSettings): TakeOver {
  const takeOver = fencingTakeover(settings)
  return async (topicPartition) => {
    const { producer, committed } = await takeOver(topicPartition)
    const transaction = async (): Promise<Transaction> => {
      const begun = await producer.transaction()
      let held: Offsets | undefined
      return {
        ...begun,
        sendOffsets: async (offsets) => {
          held = offsets
        },
        commit: async () => {
          await begun.commit()
          if (held !== undefined) await commitPlainly(settings.environment, held)
        },
      }
    }
    return { producer: { ...methodsOf(producer), transaction }, committed }
  }
}

export function withoutTransaction(settings: TakeOverSettings): TakeOver {
  return async (topicPartition) => {
    const producer = settings.kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    const committed = await committedOffset(settings.kafka, topicPartition)
    const transaction = async () => {
      let held: Offsets | undefined
      const begun = {
        send: (record: Parameters<Producer['send']>[0]) => producer.send(record),
        sendOffsets: async (offsets: Offsets) => {
          held = offsets
        },
        commit: async () => {
          if (held !== undefined) await commitPlainly(settings.environment, held)
        },
        abort: async () => undefined,
        isActive: () => true,
      }
      // `sendBatch` is not used.
      return begun as unknown as Transaction
    }
    return { producer: { ...methodsOf(producer), transaction }, committed }
  }
}

/** The producer's methods are the class's, so a copy by spreading would lose them. */
function methodsOf(producer: TransactionalProducer): TransactionalProducer {
  return {
    transaction: () => producer.transaction(),
    disconnect: () => producer.disconnect(),
  }
}

async function commitPlainly(
  { network, broker }: Environment,
  { consumerGroupId, topics }: Offsets,
): Promise<void> {
  const offsets = new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map((one) => [`${topic}-${one.partition}`, Number(one.offset)] as const),
    ),
  )
  await network.call({
    server: 'broker',
    name: 'offsetCommit',
    about: () => [...offsets].map(([place, offset]) => `${place}@${offset}`).join(' '),
    serve: () => broker.offsets.commit(consumerGroupId, offsets),
  })
}

async function committedOffset(
  kafka: Kafka,
  topicPartition: TopicPartition,
): Promise<bigint | undefined> {
  const { groupId, topic, partition } = topicPartition
  const [read] = await kafka.admin().fetchOffsets({ groupId, topics: [topic] })
  const found = read?.partitions.find((one) => one.partition === partition)
  const offset = BigInt(found?.offset ?? -1)
  return offset < 0n ? undefined : offset
}
