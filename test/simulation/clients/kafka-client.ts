import type { Logs } from '@tenseams/lakehouse-service/bronze/table-opening'
import type { Kafka } from 'kafkajs'
import { PARTITIONS } from '../run/scenario.ts'
import type { BatchFlaws } from './kafka-batch.ts'
import { type ConsumerOptions, SimulatedConsumer } from './kafka-consumer.ts'
import { type Environment, type ProducerConfig, SimulatedProducer } from './kafka-producer.ts'

/** What a broken mode changes in the client. */
export type ClientFlaws = BatchFlaws & {
  readonly readUncommitted?: boolean
  /** Without sequence numbers a repeated request is a second batch. */
  readonly noSequence?: boolean
}

/** The part of kafkajs that our packages use, over the simulated network. */
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
        flaws,
      ),
    admin: () => adminOf(environment),
  }
  // Only a small part of the port's type is used.
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
  }
}

/** The logs of topics that are never deleted and lose nothing. */
export function simulatedLogs({ network, broker }: Environment): Logs {
  const id = 'the-topic'
  return {
    identityOf: async () => ({ id, leaderEpochs: new Map() }),
    read: (topic) =>
      network.call({
        server: 'broker',
        name: 'listOffsets',
        serve: () => {
          const ends = everyPartition((partition) => broker.log(topic, partition).end)
          const logs = ends.map((end, partition) => [partition, { first: 0n, end: BigInt(end) }])
          return {
            id,
            leaderEpochs: new Map(),
            partitions: new Map(logs as [number, { first: bigint; end: bigint }][]),
          }
        },
      }),
    endsOfEpochs: async () => new Map(),
  }
}

function everyPartition<Value>(of: (partition: number) => Value): readonly Value[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => of(partition))
}
