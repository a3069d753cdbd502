import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, ConsumerConfig, EachBatchPayload } from 'kafkajs'

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
  readonly handleBatch: (payload: EachBatchPayload) => Promise<void>
}

export type Crash = { readonly payload: { readonly error: Error; readonly restart: boolean } }

/** What we need of kafkajs's consumer. */
export type GroupConsumer = Pick<
  Consumer,
  'connect' | 'subscribe' | 'run' | 'disconnect' | 'seek'
> & {
  on(name: 'consumer.group_join', listener: () => void): unknown
  on(name: 'consumer.crash', listener: (event: Crash) => void): unknown
}

const DEFAULT_SESSION_TIMEOUT_MS = 15_000
const RESTART_DELAY_MS = 500

/**
 * A reader's place in its group, kept until `close()`. Whoever reads through it gets only committed data
 * (`readUncommitted: false`), and no offset is committed or resolved behind its back (`autoCommit: false`,
 * `eachBatchAutoResolve: false`).
 *
 * kafkajs starts a crashed consumer again when it believes that to be of use, and otherwise leaves it dead without a
 * word. A reader that is gone is the worst of all, since nothing is skipped and nothing goes on, so then we start it.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #consumer: GroupConsumer
  #generation = 0
  #joined = false
  #closing = false

  constructor(options: GroupMemberOptions) {
    const { sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = options
    this.#options = options
    this.#consumer = options.kafka.consumer({
      groupId: options.groupId,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 5),
      rebalanceTimeout: 30_000,
      minBytes: options.minBytes,
      maxWaitTimeInMs: options.maxWaitMs,
      maxBytesPerPartition: 1_048_576,
      maxBytes: 8_388_608,
      retry: { restartOnFailure: async () => !this.#closing },
    })
    this.#consumer.on('consumer.group_join', () => {
      this.#generation += 1
      this.#joined = true
    })
    this.#consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      this.#joined = false
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
    if (!this.#joined) throw new Error(`group ${this.#options.groupId} has not been joined`)
  }

  /** The next fetch of the partition begins there. */
  seek(topic: string, partition: number, offset: bigint): void {
    this.#consumer.seek({ topic, partition, offset: String(offset) })
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
