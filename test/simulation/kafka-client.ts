import type { Kafka } from 'kafkajs'
import { type ConsumerOptions, SimulatedConsumer } from './kafka-consumer.ts'
import { type Environment, type ProducerConfig, SimulatedProducer } from './kafka-producer.ts'
import { PARTITIONS } from './scenario.ts'

/** What of the client a broken mode changes. */
export type ClientFlaws = {
  readonly readUncommitted?: boolean
  /** kafkajs as it comes, which shows some aborted records. */
  readonly isUnmended?: boolean
  /** Without sequence numbers a repeated request is a second batch. */
  readonly noSequence?: boolean
}

/** kafkajs as our packages use it, over the simulated network. */
export function simulatedKafka(environment: Environment, flaws: ClientFlaws = {}): Kafka {
  const client = {
    producer: (config: ProducerConfig) =>
      new SimulatedProducer(
        environment,
        flaws.noSequence === true ? { ...config, idempotent: false } : config,
      ),
    consumer: (options: ConsumerOptions) =>
      new SimulatedConsumer(
        environment,
        { ...options, ...(flaws.readUncommitted === true && { readUncommitted: true }) },
        flaws.isUnmended,
      ),
    admin: () => adminOf(environment),
  }
  // The port's whole type is far wider than what is used of it.
  return client as unknown as Kafka
}

function adminOf({ network, broker }: Environment) {
  return {
    connect: async () => undefined,
    disconnect: async () => undefined,
    fetchOffsets: ({ groupId, topics }: { groupId: string; topics: readonly string[] }) =>
      network.call({
        server: 'broker',
        name: 'offsetFetch',
        about: () => groupId,
        serve: () => {
          const offsets = broker.offsets.read(groupId)
          return topics.map((topic) => ({
            topic,
            partitions: everyPartition((partition) => ({
              partition,
              offset: String(offsets.get(`${topic}-${partition}`) ?? -1),
            })),
          }))
        },
      }),
    fetchTopicOffsets: () =>
      network.call({
        server: 'broker',
        name: 'listOffsets',
        serve: () => everyPartition((partition) => ({ partition, low: '0' })),
      }),
  }
}

function everyPartition<Value>(of: (partition: number) => Value): readonly Value[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => of(partition))
}
