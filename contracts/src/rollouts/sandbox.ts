import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Codec } from '@tenseams/codec/codec'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { openKafka } from '@tenseams/kafka/client'
import type { Admin, Kafka } from 'kafkajs'
import { PublishError } from '../errors.ts'
import { type Compatibility, subjectOf } from '../topics.ts'
import type { Build, RolloutEvent } from './build.ts'
import { ConsumerGroup } from './consumer-group.ts'

const PARTITIONS = 2

export type SandboxOptions = {
  readonly registryUrl: string
  /** The publisher's, at the registry. */
  readonly login: HttpLogin
  readonly brokers: string
  readonly credentialsFile: string | undefined
  /** For each wait. */
  readonly timeoutMs: number
}

/**
 * Where a rollout runs: topics, subjects and consumer groups of its own on the real broker and in the real registry.
 * `close` removes them. After a SIGKILL they stay, and `contracts diff` names the topics and subjects.
 */
export class Sandbox {
  readonly #options: SandboxOptions
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #registry: Registry
  readonly #run = randomBytes(4).toString('hex')
  readonly #topics: string[] = []
  readonly #groups: ConsumerGroup[] = []

  private constructor(options: SandboxOptions, kafka: Kafka) {
    this.#options = options
    this.#kafka = kafka
    this.#admin = kafka.admin()
    this.#registry = openRegistry(options.registryUrl, options.timeoutMs, options.login)
  }

  /** @throws PublishError, RegistryError when the broker or the registry does not answer. */
  static async open(options: SandboxOptions): Promise<Sandbox> {
    const sandbox = new Sandbox(
      options,
      openKafka({ ...options, clientId: 'contracts-rollout', requestTimeoutMs: options.timeoutMs }),
    )
    await sandbox.#registry.subjects()
    try {
      await sandbox.#admin.connect()
    } catch (cause) {
      const message = `the broker at ${options.brokers} does not answer`
      throw new PublishError(message, { cause, retriable: true })
    }
    return sandbox
  }

  /** Creates a topic of this rollout. @param name like `orders.v1`. */
  async topic(name: string): Promise<string> {
    const topic = `rollout.${this.#run}-${this.#topics.length + 1}.${name}`
    this.#topics.push(topic)
    await this.#admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }],
    })
    const deadline = Date.now() + this.#options.timeoutMs
    while (!(await this.#hasLeaders(topic))) {
      if (Date.now() > deadline) {
        throw new PublishError(`the topic ${topic} had no leaders in time`, { retriable: true })
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

  /** Does what `contracts publish` does. @throws RegistryError when the level does not allow the version. */
  async publish(topic: string, build: Build, level: Compatibility): Promise<void> {
    const subject = subjectOf(topic)
    const { version } = await this.#registry.register(subject, build.contract)
    if (version === 1) await this.#registry.setLevel(subject, level)
  }

  /**
   * Starts a producer of a build, writes events, and stops it.
   *
   * @throws ContractNotPublishedError when the build's contract is not published.
   */
  async produce(topic: string, build: Build, events: readonly RolloutEvent[]): Promise<void> {
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

  /** A new consumer group of a topic. Its committed offsets outlive the builds that run in it. */
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

  /** Removes everything that this sandbox created. @throws PublishError when something is left. */
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
    throw new PublishError(
      'some topics, subjects or groups of the rollout could not be removed: npm run contracts -- diff',
      {
        cause: failed.reason,
        retriable: true,
      },
    )
  }
}
