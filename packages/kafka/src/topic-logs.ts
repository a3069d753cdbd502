import {
  Admin,
  type Connection,
  kGetConnection,
  ListOffsetTimestamps,
  offsetForLeaderEpochV4,
} from '@platformatic/kafka'
import { saslSetting } from './access/login.ts'
import type { KafkaAccess } from './client.ts'

/** A partition of a log: its first record that is still there, and the offset that the next record will get. */
export type PartitionLog = { readonly first: bigint; readonly end: bigint }

/** By what two moments of a topic are known to be of one log: nothing was lost while both stayed the same. */
export type TopicIdentity = {
  /** Kafka's id of the topic; undefined when the brokers have none (before KIP-516). */
  readonly id: string | undefined
  /** The epoch of each partition's leader. */
  readonly leaderEpochs: ReadonlyMap<number, number>
}

/** A topic as it is in the brokers now. */
export type TopicLog = TopicIdentity & {
  readonly partitions: ReadonlyMap<number, PartitionLog>
}

const REQUEST_TIMEOUT_MS = 5_000
const RETRIES = 2
const NO_ID = '00000000-0000-0000-0000-000000000000'
/** In a response of OffsetForLeaderEpoch: the broker knows nothing of that epoch. */
const UNKNOWN = -1n

/**
 * Which log a topic's offsets belong to. A topic that is deleted and made again has another id, and a log that a power cut has
 * shortened ends an older leader epoch earlier (KIP-320). kafkajs has neither, so this asks by another client.
 */
export class TopicLogs {
  readonly #admin: Admin

  constructor({ brokers, credentialsFile, clientId }: KafkaAccess & { readonly clientId: string }) {
    this.#admin = new Admin({
      clientId,
      bootstrapBrokers: brokers.split(','),
      ...saslSetting(credentialsFile),
      timeout: REQUEST_TIMEOUT_MS,
      connectTimeout: REQUEST_TIMEOUT_MS,
      retries: RETRIES,
    })
  }

  close(): Promise<void> {
    return this.#admin.close()
  }

  /** The topic's identity now. @throws when the topic is not there, or no broker answers in time. */
  async identityOf(topic: string): Promise<TopicIdentity> {
    const { id, partitions } = await this.#topic(topic)
    return {
      // For brokers that have no ids, the client answers with the name.
      id: id === NO_ID || id === topic ? undefined : id,
      leaderEpochs: new Map(
        partitions.map(({ leaderEpoch }, partition) => [partition, leaderEpoch]),
      ),
    }
  }

  /** The topic's identity, and where its partitions begin and end. @throws as `identityOf`. */
  async read(topic: string): Promise<TopicLog> {
    const identity = await this.identityOf(topic)
    const partitions = [...identity.leaderEpochs.keys()]
    const [firsts, ends] = await Promise.all(
      [ListOffsetTimestamps.EARLIEST, ListOffsetTimestamps.LATEST].map((timestamp) =>
        this.#offsets(topic, partitions, timestamp),
      ),
    )
    const logOf = (partition: number): PartitionLog => {
      const [first, end] = [firsts?.get(partition), ends?.get(partition)]
      if (first === undefined || end === undefined) {
        throw new Error(`${topic}-${partition}: the broker did not say where it begins and ends`)
      }
      return { first, end }
    }
    return {
      ...identity,
      partitions: new Map(partitions.map((partition) => [partition, logOf(partition)])),
    }
  }

  /**
   * Where the leader epoch of each partition ends in the log as it is now. A reader whose next offset is above that has records
   * that the log has lost.
   */
  async endsOfEpochs(
    topic: string,
    epochs: ReadonlyMap<number, number>,
  ): Promise<ReadonlyMap<number, bigint>> {
    const { partitions } = await this.#topic(topic)
    const { brokers } = await this.#metadata(topic)
    const byLeader = Map.groupBy(epochs, ([partition]) => partitions[partition]?.leader ?? -1)
    const ends = new Map<number, bigint>()
    for (const [leader, asked] of byLeader) {
      const broker = brokers.get(leader)
      if (broker === undefined) throw new Error(`${topic}: a partition has no leader now`)
      const connection = await this.#connect(broker)
      const requests = asked.map(([partitionIndex, leaderEpoch]) => ({
        ...{ partitionIndex, leaderEpoch, currentLeaderEpoch: -1 },
      }))
      const answer = await offsetForLeaderEpochV4.api.async(connection, -1, [
        { name: topic, partitions: requests },
      ])
      for (const { partition, endOffset } of answer.topics.flatMap((one) => one.partitions)) {
        if (endOffset !== UNKNOWN) ends.set(partition, endOffset)
      }
    }
    return ends
  }

  #metadata(topic: string) {
    return this.#admin.metadata({ topics: [topic], forceUpdate: true, autocreateTopics: false })
  }

  async #topic(topic: string) {
    const found = (await this.#metadata(topic)).topics.get(topic)
    if (found === undefined) throw new Error(`there is no topic ${topic}`)
    return found
  }

  async #offsets(topic: string, partitions: readonly number[], timestamp: bigint) {
    const requests = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }))
    const answer = await this.#admin.listOffsets({
      topics: [{ name: topic, partitions: requests }],
    })
    const found = answer.flatMap((one) => one.partitions)
    return new Map(found.map(({ partitionIndex, offset }) => [partitionIndex, offset]))
  }

  #connect(broker: { readonly host: string; readonly port: number }): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.#admin[kGetConnection](broker, (error, connection) => {
        if (error) reject(error)
        else resolve(connection as Connection)
      })
    })
  }
}
