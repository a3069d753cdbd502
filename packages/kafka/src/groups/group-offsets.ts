import { Admin } from '@platformatic/kafka'
import { withTimeout } from '@tenseams/service/timeout'
import type { Kafka } from 'kafkajs'
import { saslSetting } from '../access/login.ts'
import { protocolErrorsIn } from '../access/raw-connection.ts'
import { type KafkaAccess, openKafka } from '../client.ts'
import type { TopicPartition } from '../ownership.ts'
import { type ConsumedRecord, recordOf } from '../record.ts'

/** A partition of a topic, and where a group stands in it. */
export type GroupPosition = Pick<TopicPartition, 'topic' | 'partition'> & {
  /** The offset of the next record that the group reads; undefined before its first commit. */
  readonly committed: bigint | undefined
  readonly first: bigint
  readonly end: bigint
}

/** What the coordinator knows of a group. */
export type GroupState = {
  readonly group: string
  /** Kafka's word: only the offsets of an `Empty` group can be set, or of one that is not there (`Dead`). */
  readonly state: string
  /** Client ids of its members. */
  readonly members: readonly string[]
}

/** A partition of a group, and an offset that it is to continue at. */
export type Commit = Pick<TopicPartition, 'topic' | 'partition'> & { readonly to: bigint }

export class OffsetsError extends Error {
  readonly code = 'OFFSETS'
  readonly retriable = false
}

const REQUEST_TIMEOUT_MS = 10_000
const RETRIES = 2
const READ_TIMEOUT_MS = 30_000
const NOTHING_COMMITTED = -1n

/**
 * Where groups stand, from outside of them: a person looks, and sets offsets of a group that has no member. Each call connects
 * anew, because a verb makes few of them.
 */
export class GroupOffsets {
  readonly #access: KafkaAccess & { readonly clientId: string }
  readonly #kafka: Kafka

  constructor(access: KafkaAccess & { readonly clientId: string }) {
    this.#access = access
    this.#kafka = openKafka(access)
  }

  /** The groups that the user may see. */
  async groups(): Promise<readonly string[]> {
    const { groups } = await this.#ask((admin) => admin.listGroups())
    return groups.map(({ groupId }) => groupId).toSorted()
  }

  async stateOf(group: string): Promise<GroupState> {
    const { groups } = await this.#ask((admin) => admin.describeGroups([group]))
    const found = groups.find(({ groupId }) => groupId === group)
    const members = found?.members.map(({ clientId }) => clientId) ?? []
    return { group, state: found?.state ?? 'Dead', members }
  }

  /** Where the group stands in every partition of a topic. @throws OffsetsError when there is no such topic. */
  async positions(group: string, topic: string): Promise<readonly GroupPosition[]> {
    return this.#ask(async (admin) => {
      const known = await admin.listTopics()
      if (!known.includes(topic)) throw new OffsetsError(`there is no topic ${topic}`)
      const ends = await admin.fetchTopicOffsets(topic)
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      const committed = new Map(
        answer?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]),
      )
      return ends
        .map(({ partition, low, high }) => {
          const at = committed.get(partition) ?? NOTHING_COMMITTED
          const position = at === NOTHING_COMMITTED ? undefined : at
          return { topic, partition, committed: position, first: BigInt(low), end: BigInt(high) }
        })
        .toSorted((one, other) => one.partition - other.partition)
    })
  }

  /** The topics of which the group has committed offsets. */
  async topicsOf(group: string): Promise<readonly string[]> {
    const answer = await this.#ask((admin) => admin.fetchOffsets({ groupId: group }))
    return answer.map(({ topic }) => topic).toSorted()
  }

  /** By partition, the offset of the first record that is not older; its end when there is none. */
  async offsetsAt(topic: string, at: Date): Promise<ReadonlyMap<number, bigint>> {
    const found = await this.#ask((admin) =>
      admin.fetchTopicOffsetsByTimestamp(topic, at.getTime()),
    )
    return new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]))
  }

  /**
   * Sets offsets of a group without members, all in one request.
   *
   * @throws OffsetsError with Kafka's reason, as when the group has members by now; none of them is set then.
   */
  async commit(group: string, commits: readonly Commit[]): Promise<void> {
    const { brokers, clientId, credentialsFile } = this.#access
    const admin = new Admin({
      ...{ clientId, bootstrapBrokers: brokers.split(',') },
      ...saslSetting(credentialsFile),
      ...{ timeout: REQUEST_TIMEOUT_MS, connectTimeout: REQUEST_TIMEOUT_MS, retries: RETRIES },
    })
    const topics = [...Map.groupBy(commits, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitionOffsets: own.map(({ partition, to: offset }) => ({ partition, offset })),
    }))
    try {
      await admin.alterConsumerGroupOffsets({ groupId: group, topics })
    } catch (cause) {
      const why = protocolErrorsIn(cause).join(', ') || 'no answer'
      throw new OffsetsError(`offsets of the group ${group} are not set: ${why}`, { cause })
    } finally {
      await admin.close()
    }
  }

  /**
   * The first committed record from an offset on: that of a later offset when there is none at this one, as after a transaction.
   * Whatever is delivered before the seek begins with the log, so it holds no later record without this one.
   *
   * @throws OffsetsError when none comes in time.
   */
  async recordAt(topic: string, partition: number, offset: bigint): Promise<ConsumedRecord> {
    const consumer = this.#kafka.consumer({
      groupId: `oncall-read-${crypto.randomUUID()}`,
      ...{ readUncommitted: false, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 },
    })
    const found = Promise.withResolvers<ConsumedRecord>()
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async ({ batch }) => {
          if (batch.partition !== partition) return
          const message = batch.messages.find((one) => BigInt(one.offset) >= offset)
          if (message !== undefined) found.resolve(recordOf(batch, message))
        },
      })
      consumer.seek({ topic, partition, offset: String(offset) })
      const late = () => new OffsetsError(`${topic} ${partition}: no record from ${offset} on`)
      return await withTimeout(found.promise, READ_TIMEOUT_MS, late)
    } finally {
      await consumer.disconnect()
    }
  }

  async #ask<Answer>(
    question: (admin: ReturnType<Kafka['admin']>) => Promise<Answer>,
  ): Promise<Answer> {
    const admin = this.#kafka.admin()
    await admin.connect()
    try {
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }
}
