import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@tenseams/telemetry/log'
import type { Consumer, ConsumerConfig, EachBatchPayload } from 'kafkajs'
import type { Registry } from 'prom-client'
import { rebalances } from './metrics.ts'
import { bySubscription } from './subscribed-assigner.ts'

export type GroupMemberOptions = {
  readonly kafka: { consumer(config: ConsumerConfig): GroupConsumer }
  readonly groupId: string
  readonly topics: readonly string[]
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly metrics: Registry
  /** The broker answers a fetch when it has this many bytes, or after `maxWaitMs`. */
  readonly minBytes: number
  readonly maxWaitMs: number
  readonly sessionTimeoutMs?: number | undefined
  /** Bounds of one fetch from one broker, in bytes as the broker stores them, compressed. */
  readonly maxBytes?: number
  readonly maxBytesPerPartition?: number
  /** Called before the first fetch of a new assignment, so that `pause` and `seek` apply to it. */
  readonly onJoined?: (assignment: Assignment) => void
  /** A range of offsets, both ends included, that was fetched and holds no record for the reader. */
  readonly onEmpty?: (topic: string, partition: number, first: bigint, last: bigint) => void
  readonly handleBatch: (payload: EachBatchPayload) => Promise<void>
}

/** This member's partitions of each topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>

type Event<Payload> = { readonly payload: Payload }
export type Crash = Event<{ readonly error: Error; readonly restart: boolean }>
export type Join = Event<{ readonly memberAssignment: Assignment }>
export type BatchEnd = Event<{
  readonly topic: string
  readonly partition: number
  readonly batchSize: number
  readonly firstOffset: string | null
  readonly lastOffset: string
}>

/** What we need of kafkajs's consumer. */
export type GroupConsumer = Pick<
  Consumer,
  'connect' | 'subscribe' | 'run' | 'disconnect' | 'seek' | 'pause' | 'resume'
> & {
  on(name: 'consumer.group_join', listener: (event: Join) => void): unknown
  on(name: 'consumer.stop', listener: () => void): unknown
  on(name: 'consumer.end_batch_process', listener: (event: BatchEnd) => void): unknown
  on(name: 'consumer.crash', listener: (event: Crash) => void): unknown
}

/**
 * How long the broker may keep a fetch. It answers at once when there is a record, so this costs no latency and saves CPU at
 * rest. It is not longer, because kafkajs does the following only between two fetches: send heartbeats, notice a rebalance,
 * and leave the group. While a partition is paused, fetches are short (connection/short-fetch.ts).
 */
export const longFetch = { minBytes: 1, maxWaitMs: 1_000 } as const

const DEFAULT_SESSION_TIMEOUT_MS = 15_000
const DEFAULT_MAX_BYTES = 8_388_608
const DEFAULT_MAX_BYTES_PER_PARTITION = 1_048_576
const RESTART_DELAY_MS = 500

/**
 * A member of a consumer group, until `close()`. It reads only committed data (`readUncommitted: false`), and kafkajs
 * neither commits nor resolves an offset by itself (`autoCommit: false`, `eachBatchAutoResolve: false`).
 *
 * kafkajs restarts a crashed consumer only after errors that it considers retriable, and otherwise stops it without a
 * message. A dead consumer neither skips nor progresses, so it is restarted here.
 *
 * Members of one group may read different topics: a partition goes to a member that subscribes to its topic
 * (subscribed-assigner.ts).
 */
export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #consumer: GroupConsumer
  #generation = 0
  /** Undefined while the group is not joined. */
  #assignment: Assignment | undefined
  #closing = false

  constructor(options: GroupMemberOptions) {
    this.#options = options
    const joins = rebalances(options.metrics, options.groupId)
    this.#consumer = options.kafka.consumer(configOf(options, () => !this.#closing))
    this.#consumer.on('consumer.group_join', ({ payload: { memberAssignment } }) => {
      this.#generation += 1
      joins.inc({ group: options.groupId })
      this.#assignment = memberAssignment
      options.onJoined?.(memberAssignment)
    })
    // From here until it runs again, kafkajs throws on seek, pause and resume.
    this.#consumer.on('consumer.stop', () => {
      this.#assignment = undefined
    })
    this.#consumer.on('consumer.end_batch_process', ({ payload }) => {
      const { topic, partition, firstOffset, lastOffset } = payload
      if (payload.batchSize > 0 || firstOffset === null) return
      options.onEmpty?.(topic, partition, BigInt(firstOffset), BigInt(lastOffset))
    })
    this.#consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      this.#assignment = undefined
      options.log.warn({ err: error, byKafkajs: restart }, 'reader restarts')
      if (!restart) void this.#startWhenPossible(RESTART_DELAY_MS)
    })
  }

  /** Increases with each join of the group. */
  get generation(): number {
    return this.#generation
  }

  /** Starts to read and returns at once; waits for an unavailable broker. */
  start(): void {
    void this.#startWhenPossible(0)
  }

  /** Throws while the group has not been joined. */
  assertReady(): void {
    if (this.#assignment !== undefined) return
    throw new Error(`group ${this.#options.groupId} has not been joined`)
  }

  /** This member's partitions; undefined while the group is not joined. */
  get assignment(): Assignment | undefined {
    return this.#assignment
  }

  /** The next fetch of the partition begins at that offset. `seek`, `pause` and `resume` do nothing while the group is not joined. */
  seek(topic: string, partition: number, offset: bigint): void {
    if (this.#assignment === undefined) return
    this.#consumer.seek({ topic, partition, offset: String(offset) })
  }

  /** Fetches nothing of the topic until `resume`; what was fetched before may still be delivered. */
  pause(topic: string): void {
    if (this.#assignment !== undefined) this.#consumer.pause([{ topic }])
  }

  /** Fetches all partitions of the topic again, also those that a batch's own `pause` has paused. */
  resume(topic: string): void {
    if (this.#assignment !== undefined) this.#consumer.resume([{ topic }])
  }

  /** Finishes the batches under way and leaves the group. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#consumer.disconnect()
  }

  async #startWhenPossible(delayMs: number): Promise<void> {
    if (delayMs > 0) await delay(delayMs)
    while (!this.#closing) {
      try {
        await this.#consumer.connect()
        await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true })
        await this.#consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 4,
          eachBatch: async (payload) => {
            if (!this.#closing) await this.#options.handleBatch(payload)
          },
        })
        break
      } catch (error) {
        this.#options.log.warn({ err: error }, 'reader cannot start yet')
        await delay(RESTART_DELAY_MS)
      }
    }
    // Closed meanwhile: the consumer that was just started would stay.
    if (this.#closing) await this.#consumer.disconnect().catch(() => undefined)
  }
}

function configOf(options: GroupMemberOptions, isOpen: () => boolean): ConsumerConfig {
  const { sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = options
  return {
    groupId: options.groupId,
    partitionAssigners: [bySubscription],
    readUncommitted: false,
    allowAutoTopicCreation: false,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 5),
    rebalanceTimeout: 30_000,
    minBytes: options.minBytes,
    maxWaitTimeInMs: options.maxWaitMs,
    maxBytesPerPartition: options.maxBytesPerPartition ?? DEFAULT_MAX_BYTES_PER_PARTITION,
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    retry: { restartOnFailure: async () => isOpen() },
  }
}
