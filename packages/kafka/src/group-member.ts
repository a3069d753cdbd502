import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, ConsumerConfig, EachBatchPayload } from 'kafkajs'
import { bySubscription } from './subscribed-assigner.ts'

export type Log = {
  info(context: object, message: string): void
  warn(context: object, message: string): void
}

export type GroupMemberOptions = {
  readonly kafka: { consumer(config: ConsumerConfig): GroupConsumer }
  readonly groupId: string
  readonly topics: readonly string[]
  readonly log: Log
  /** The broker answers a fetch when it has so many bytes, or after so long. */
  readonly minBytes: number
  readonly maxWaitMs: number
  readonly sessionTimeoutMs?: number | undefined
  /** Bounds of what one fetch brings from one broker, compressed as the broker has it. */
  readonly maxBytes?: number
  readonly maxBytesPerPartition?: number
  /** Called before anything of the new assignment is fetched: `pause` and `seek` are in time here. */
  readonly onJoined?: (assignment: Assignment) => void
  /** A stretch of the log, both ends included, that was fetched and holds no record for its reader. */
  readonly onEmpty?: (topic: string, partition: number, first: bigint, last: bigint) => void
  readonly handleBatch: (payload: EachBatchPayload) => Promise<void>
}

/** The partitions of each topic that are this member's. */
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

const DEFAULT_SESSION_TIMEOUT_MS = 15_000
const DEFAULT_MAX_BYTES = 8_388_608
const DEFAULT_MAX_BYTES_PER_PARTITION = 1_048_576
const RESTART_DELAY_MS = 500

/**
 * A reader's place in its group, kept until `close()`. Whoever reads through it gets only committed data
 * (`readUncommitted: false`), and no offset is committed or resolved behind its back (`autoCommit: false`,
 * `eachBatchAutoResolve: false`).
 *
 * kafkajs starts a crashed consumer again when it believes that to be of use, and otherwise leaves it dead without a
 * word. A reader that is gone is the worst of all, since nothing is skipped and nothing goes on, so then we start it.
 *
 * Members of one group may read different topics: partitions go to those who subscribe to them (subscribed-assigner.ts).
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
    this.#consumer = options.kafka.consumer(configOf(options, () => !this.#closing))
    this.#consumer.on('consumer.group_join', ({ payload: { memberAssignment } }) => {
      this.#generation += 1
      this.#assignment = memberAssignment
      options.onJoined?.(memberAssignment)
    })
    // From here until it runs again kafkajs throws at whoever seeks, pauses or resumes.
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

  /** Rises with each time that the group is joined. */
  get generation(): number {
    return this.#generation
  }

  /** Starts to read and returns at once; a broker that is away is waited for. */
  start(): void {
    void this.#startWhenPossible(0)
  }

  /** Throws while the group has not been joined. */
  assertReady(): void {
    if (this.#assignment !== undefined) return
    throw new Error(`group ${this.#options.groupId} has not been joined`)
  }

  /** What this member has been given; undefined while the group is not joined. */
  get assignment(): Assignment | undefined {
    return this.#assignment
  }

  /** The next fetch of the partition begins there. While the group is not joined nothing is done: nor by the next two. */
  seek(topic: string, partition: number, offset: bigint): void {
    if (this.#assignment === undefined) return
    this.#consumer.seek({ topic, partition, offset: String(offset) })
  }

  /** Nothing of the topic is fetched until `resume`; what has been fetched may still be handed out. */
  pause(topic: string): void {
    if (this.#assignment !== undefined) this.#consumer.pause([{ topic }])
  }

  /** All partitions of the topic are fetched again, also those that a batch's own `pause` has stopped. */
  resume(topic: string): void {
    if (this.#assignment !== undefined) this.#consumer.resume([{ topic }])
  }

  /** Finishes the batches in hand and leaves the group. */
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
    // Closed meanwhile: what has just been started would stay.
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
