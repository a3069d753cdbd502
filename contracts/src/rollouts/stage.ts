import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Codec } from '@tenseams/codec/codec'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { PublishError } from '../errors.ts'
import { type Compatibility, subjectOf } from '../topics.ts'
import type { Build, DanceEvent } from './build.ts'
import { ConsumerGroup } from './consumer-group.ts'

const PARTITIONS = 2

export type StageOptions = {
  readonly registryUrl: string
  readonly brokers: string
  /** For each thing that is waited for. */
  readonly timeoutMs: number
}

/**
 * Where a dance is danced: topics, subjects and consumer groups of its own on the real broker and in the real registry,
 * removed by `close`. After a SIGKILL they stay, and `contracts diff` names them.
 */
export class Stage {
  readonly #options: StageOptions
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #registry: Registry
  readonly #run = randomBytes(4).toString('hex')
  readonly #topics: string[] = []
  readonly #groups: ConsumerGroup[] = []

  private constructor(options: StageOptions, kafka: Kafka) {
    this.#options = options
    this.#kafka = kafka
    this.#admin = kafka.admin()
    this.#registry = openRegistry(options.registryUrl, options.timeoutMs)
  }

  /** @throws PublishError when broker or registry do not answer. */
  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options, openKafka(options))
    await stage.#registry.subjects()
    try {
      await stage.#admin.connect()
    } catch (cause) {
      const message = `the broker at ${options.brokers} does not answer`
      throw new PublishError(message, { cause, retriable: true })
    }
    return stage
  }

  /** A topic of this dance. @param name like `orders.v1`. */
  async topic(name: string): Promise<string> {
    const topic = `dance.${this.#run}-${this.#topics.length + 1}.${name}`
    this.#topics.push(topic)
    await this.#admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }],
    })
    const deadline = Date.now() + this.#options.timeoutMs
    while (!(await this.#hasLeaders(topic))) {
      if (Date.now() > deadline) {
        throw new PublishError(`waited too long for the topic ${topic}`, { retriable: true })
      }
      await pause(100)
    }
    return topic
  }

  async #hasLeaders(topic: string): Promise<boolean> {
    return this.#admin.fetchTopicOffsets(topic).then(
      (offsets) => offsets.length === PARTITIONS,
      () => false,
    )
  }

  /** As `contracts publish` does it. @throws PublishError when the registry refuses the version at this level. */
  async publish(topic: string, build: Build, level: Compatibility): Promise<void> {
    const subject = subjectOf(topic)
    const { version } = await this.#registry.register(subject, build.contract)
    if (version === 1) await this.#registry.setLevel(subject, level)
  }

  /**
   * A producer of a build starts, writes, and stops.
   *
   * @throws ContractNotPublishedError: it does not start before its contract is there.
   */
  async produce(topic: string, build: Build, events: readonly DanceEvent[]): Promise<void> {
    const { encode } = await this.#codecOf(build).encoder<object>(topic)
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    })
    await producer.connect()
    try {
      const messages = events.map((event) => ({
        key: event.key,
        value: encode(build.write(event)),
      }))
      await producer.send({ topic, acks: -1, messages })
    } finally {
      await producer.disconnect()
    }
  }

  /** A consumer group of a topic. Builds come and go in it; what was read and committed stays. */
  group(topic: string): ConsumerGroup {
    const group = new ConsumerGroup({
      groupId: `${topic}-${this.#groups.length + 1}`,
      topic,
      kafka: this.#kafka,
      admin: this.#admin,
      codecOf: (build) => this.#codecOf(build),
      timeoutMs: this.#options.timeoutMs,
    })
    this.#groups.push(group)
    return group
  }

  #codecOf({ contract }: Build): Codec {
    const { registryUrl, timeoutMs } = this.#options
    return new Codec({ registryUrl, timeoutMs, contractOf: () => contract })
  }

  /** Removes all that it made. @throws PublishError when something of it stays. */
  async close(): Promise<void> {
    const groups = this.#groups.filter(({ wasJoined }) => wasJoined).map(({ groupId }) => groupId)
    const removals = await Promise.allSettled([
      groups.length === 0 ? undefined : this.#admin.deleteGroups(groups),
      this.#topics.length === 0 ? undefined : this.#admin.deleteTopics({ topics: this.#topics }),
      ...this.#topics.map((topic) => this.#registry.remove(subjectOf(topic))),
    ])
    await this.#admin.disconnect()
    const failed = removals.find((removal) => removal.status === 'rejected')
    if (failed === undefined) return
    throw new PublishError('not all of the dance could be removed: npm run contracts -- diff', {
      cause: failed.reason,
      retriable: true,
    })
  }
}

function openKafka({ brokers, timeoutMs }: StageOptions): Kafka {
  return new kafkajs.Kafka({
    clientId: 'contracts-dance',
    brokers: brokers.split(','),
    connectionTimeout: 3_000,
    requestTimeout: timeoutMs,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 },
    logLevel: kafkajs.logLevel.NOTHING,
  })
}
