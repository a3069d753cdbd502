import { Admin, Consumer, FetchIsolationLevels } from '@platformatic/kafka'
import { saslSetting } from '@tenseams/kafka/access/login'
import { type KafkaAccess, openKafka } from '@tenseams/kafka/client'
import type { Admin as GroupAdmin } from 'kafkajs'

type Isolation = (typeof FetchIsolationLevels)[keyof typeof FetchIsolationLevels]
type Bytes = Consumer<Buffer, Buffer, Buffer, Buffer>
type Fetched = Awaited<ReturnType<Bytes['fetch']>>['responses'][number]['partitions'][number]

export type PartitionName = { readonly topic: string; readonly partition: number }

/** A partition, and where its leader is. */
export type FoundPartition = PartitionName & { readonly id: string; readonly leader: number }

/** Between offsets, `high`: all in-sync replicas have it; `stable`: readers of committed data see it. */
export type Ends = { readonly high: bigint; readonly stable: bigint }

const REQUEST_TIMEOUT_MS = 3_000
const RETRIES = 1
const LATEST = -1n
/** Of the record with the greatest timestamp (KIP-734). */
const GREATEST_TIMESTAMP = -3n
/** A broker gives at least one whole batch, however small this is, so a fetch of one partition costs one batch. */
const ONE_BATCH = 1
const NO_WAIT_MS = 0

/** What the exporter asks Kafka. It joins no group, and commits and writes nothing. */
export class LogClient {
  readonly #admin: Admin
  readonly #consumer: Bytes
  readonly #groups: GroupAdmin

  constructor({ brokers, credentialsFile }: KafkaAccess) {
    const common = {
      clientId: 'exporter',
      bootstrapBrokers: brokers.split(','),
      ...saslSetting(credentialsFile),
      timeout: REQUEST_TIMEOUT_MS,
      connectTimeout: REQUEST_TIMEOUT_MS,
      retries: RETRIES,
    }
    this.#admin = new Admin(common)
    this.#consumer = new Consumer({ ...common, groupId: 'exporter', autocommit: false })
    const requestTimeoutMs = REQUEST_TIMEOUT_MS
    const kafka = openKafka({ brokers, credentialsFile, clientId: 'exporter', requestTimeoutMs })
    this.#groups = kafka.admin({ retry: { retries: RETRIES } })
  }

  async close(): Promise<void> {
    await Promise.all([this.#admin.close(), this.#consumer.close(), this.#groups.disconnect()])
  }

  /** The partitions of those topics that are there. */
  async partitionsOf(topics: readonly string[]): Promise<readonly FoundPartition[]> {
    const there = new Set(await this.#admin.listTopics())
    const asked = topics.filter((topic) => there.has(topic))
    if (asked.length === 0) return []
    const { topics: found } = await this.#admin.metadata({ topics: asked, autocreateTopics: false })
    return [...found].flatMap(([topic, { id, partitions }]) =>
      partitions.map(({ leader }, partition) => ({ topic, partition, id, leader })),
    )
  }

  /** Where each partition ends. */
  async endsOf(partitions: readonly PartitionName[]): Promise<ReadonlyMap<string, Ends>> {
    const [high, stable] = await Promise.all([
      this.#latest(partitions, FetchIsolationLevels.READ_UNCOMMITTED),
      this.#latest(partitions, FetchIsolationLevels.READ_COMMITTED),
    ])
    return new Map(
      [...high].map(([name, offset]) => [
        name,
        { high: offset, stable: stable.get(name) ?? offset },
      ]),
    )
  }

  /** The time of the newest record of each topic that is there and has one, in milliseconds. */
  async newestIn(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const partitions = await this.partitionsOf(topics)
    const answer = await this.#offsets(partitions, GREATEST_TIMESTAMP)
    const newest = answer.map(({ name, partitions: own }) => {
      const times = own.map(({ timestamp }) => Number(timestamp))
      return [name, Math.max(-1, ...times)] as const
    })
    return new Map(newest.filter(([, ms]) => ms >= 0))
  }

  /** What each group has committed, by partition. Partitions without a committed offset are left out. */
  async committedBy(groups: readonly string[]): Promise<
    readonly {
      readonly group: string
      readonly topic: string
      readonly partition: number
      readonly offset: bigint
    }[]
  > {
    const answer = await this.#admin.listConsumerGroupOffsets({ groups: [...groups] })
    return answer.flatMap(({ groupId: group, topics }) =>
      topics.flatMap(({ name: topic, partitions }) =>
        partitions
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex: partition, committedOffset: offset }) => ({
            ...{ group, topic, partition, offset },
          })),
      ),
    )
  }

  /** The names of all groups that the broker knows. */
  async groups(): Promise<readonly string[]> {
    return [...(await this.#admin.listGroups()).keys()]
  }

  /**
   * State and number of members of each group; one that is not there is dead. By kafkajs: @platformatic/kafka 2.12.1 takes the members of
   * every group for consumers, and those of Connect's workers end the process.
   */
  async describe(groups: readonly string[]) {
    await this.#groups.connect()
    const found = await this.#groups.describeGroups([...groups])
    return found.groups.map(({ groupId: group, state, members }) => ({
      ...{ group, state, members: members.length },
    }))
  }

  /** The batches from an offset on, at least one if there is one, up to the last stable offset. */
  async fetch(
    { id, partition, leader }: FoundPartition,
    fetchOffset: bigint,
    bytes = ONE_BATCH,
  ): Promise<Fetched | undefined> {
    const asked = { partition, fetchOffset, partitionMaxBytes: bytes }
    const { responses } = await this.#consumer.fetch({
      node: leader,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      ...{ minBytes: 1, maxBytes: bytes, maxWaitTime: NO_WAIT_MS },
      topics: [
        { topicId: id, partitions: [{ ...asked, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }] },
      ],
    })
    return responses[0]?.partitions[0]
  }

  async #latest(
    partitions: readonly PartitionName[],
    isolationLevel: Isolation,
  ): Promise<ReadonlyMap<string, bigint>> {
    const answer = await this.#offsets(partitions, LATEST, isolationLevel)
    return new Map(
      answer.flatMap(({ name, partitions: own }) =>
        own.map(({ partitionIndex, offset }) => {
          return [nameOf({ topic: name, partition: partitionIndex }), offset] as const
        }),
      ),
    )
  }

  async #offsets(
    partitions: readonly PartitionName[],
    timestamp: bigint,
    isolationLevel: Isolation = FetchIsolationLevels.READ_UNCOMMITTED,
  ) {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition }) => ({ partitionIndex: partition, timestamp })),
    }))
    return topics.length === 0 ? [] : await this.#admin.listOffsets({ topics, isolationLevel })
  }
}

export function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}-${partition}`
}
