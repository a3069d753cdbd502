import { ConnectionLostError } from '../world/network.ts'
import { type BatchFlaws, batchOf, type SimulatedBatch } from './kafka-batch.ts'
import type { Environment } from './kafka-producer.ts'
import { isRebalancing, KafkaSession } from './kafka-session.ts'

export type ConsumerOptions = {
  readonly groupId: string
  readonly readUncommitted?: boolean
  readonly sessionTimeout?: number
  readonly heartbeatInterval?: number
}

type Offsets = {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
  }[]
}

/** The part of kafkajs's EachBatchPayload that this repository uses. */
type Payload = {
  readonly batch: SimulatedBatch
  resolveOffset(offset: string): void
  heartbeat(): Promise<void>
  pause(): () => void
  commitOffsetsIfNecessary(offsets: Offsets): Promise<void>
  uncommittedOffsets(): Offsets
  isRunning(): boolean
  isStale(): boolean
}

type Listener = (event: { readonly payload: unknown }) => void

const ALL_PAUSED_WAIT_MS = 300
const RETRIES = 5
const RESTART_MS = 300

/**
 * kafkajs's consumer: src/consumer/runner.js, consumerGroup.js, fetchManager.js and offsetManager, for one topic and
 * one broker. All handlers of a fetch end before the group is joined again.
 */
export class SimulatedConsumer {
  readonly #environment: Environment
  readonly #options: ConsumerOptions
  readonly #listeners = new Map<string, Listener[]>()
  readonly #paused = new Set<number>()
  readonly #seeks = new Map<number, number>()
  readonly #flaws: BatchFlaws
  #session: KafkaSession | undefined
  #topic = ''
  #eachBatch: (payload: Payload) => Promise<void> = async () => undefined
  #isRunning = false
  #isConnected = false

  constructor(environment: Environment, options: ConsumerOptions, flaws: BatchFlaws = {}) {
    this.#flaws = flaws
    this.#environment = environment
    this.#options = options
  }

  on(name: string, listener: Listener): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener])
  }

  async connect(): Promise<void> {
    await Promise.resolve()
    this.#isConnected = true
  }

  async subscribe({ topics }: { readonly topics: readonly string[] }): Promise<void> {
    await Promise.resolve()
    this.#topic = topics[0] ?? ''
  }

  async run(config: { readonly eachBatch: (payload: Payload) => Promise<void> }): Promise<void> {
    this.#eachBatch = config.eachBatch
    await this.#start()
  }

  seek({ partition, offset }: { readonly partition: number; readonly offset: string }): void {
    this.#seeks.set(partition, Number(offset))
  }

  /** All partitions of the topics. */
  resume(_topics: readonly { readonly topic: string }[]): void {
    this.#paused.clear()
  }

  async disconnect(): Promise<void> {
    this.#isRunning = false
    this.#isConnected = false
    await this.#session?.leave().catch(() => undefined)
  }

  async #start(): Promise<void> {
    const { sessionTimeout = 30_000, heartbeatInterval = 3_000, groupId } = this.#options
    const timing = { sessionTimeoutMs: sessionTimeout, heartbeatMs: heartbeatInterval }
    this.#session = new KafkaSession(this.#environment, { groupId, topic: this.#topic, ...timing })
    try {
      await this.#join(this.#session)
    } catch (error) {
      return this.#crash(error)
    }
    this.#isRunning = true
    void this.#consume(this.#session)
  }

  async #join(session: KafkaSession): Promise<void> {
    await session.join()
    // kafkajs forgets paused partitions when they are reassigned.
    this.#paused.clear()
    const memberAssignment = { [this.#topic]: session.partitions }
    this.#emit('consumer.group_join', { memberAssignment })
  }

  async #consume(session: KafkaSession): Promise<void> {
    let failures = 0
    while (this.#isRunning) {
      try {
        await this.#fetchAndHandle(session)
        failures = 0
      } catch (error) {
        if (!this.#isRunning) return
        try {
          if (isRebalancing(error)) await this.#join(session)
          else if (failures++ === RETRIES) throw error
          else await this.#environment.world.sleep(RESTART_MS)
        } catch (last) {
          this.#isRunning = false
          return this.#crash(last)
        }
      }
    }
  }

  #crash(error: unknown): void {
    if (!this.#isConnected) return
    // kafkajs looks at the cause; all of our errors are retriable, so it restarts by itself.
    this.#emit('consumer.crash', { error, restart: true })
    const { world } = this.#environment
    world.at(RESTART_MS, world.current, () => {
      if (this.#isConnected) void this.#start()
    })
  }

  async #fetchAndHandle(session: KafkaSession): Promise<void> {
    const batches = await this.#fetch(session)
    if (!this.#isRunning) return
    if (batches.length === 0) return session.heartbeat()
    const results = await Promise.allSettled(batches.map((batch) => this.#handle(session, batch)))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async #fetch(session: KafkaSession): Promise<readonly SimulatedBatch[]> {
    const { network, broker, world } = this.#environment
    for (const partition of session.partitions) {
      const sought = this.#seeks.get(partition)
      this.#seeks.delete(partition)
      if (sought !== undefined) session.positions.set(partition, sought)
    }
    try {
      await session.resolvePositions()
      const wanted = session.partitions
        .filter((partition) => !this.#paused.has(partition))
        .map((partition) => ({ partition, from: session.positions.get(partition) ?? 0 }))
      if (wanted.length === 0) {
        await world.sleep(ALL_PAUSED_WAIT_MS)
        return []
      }
      const committedOnly = this.#options.readUncommitted !== true
      const topic = this.#topic
      const serve = () => broker.fetch(topic, wanted, committedOnly)
      const fetched = await network.call({ server: 'broker', name: 'fetch', serve })
      return fetched
        .filter(({ partition }) => !this.#seeks.has(partition) && !this.#paused.has(partition))
        .map((one) => batchOf(topic, one, this.#flaws))
    } catch (error) {
      if (error instanceof ConnectionLostError) return []
      throw error
    }
  }

  async #handle(session: KafkaSession, batch: SimulatedBatch): Promise<void> {
    if (!this.#isRunning) return
    const { partition } = batch
    if (batch.isEmptyDueToFiltering) {
      session.positions.set(partition, Number(batch.lastOffset()) + 1)
      this.#endBatch(batch)
      return session.heartbeat()
    }
    if (batch.isEmpty) return session.heartbeat()
    await this.#eachBatch(this.#payloadOf(session, batch))
    this.#endBatch(batch)
    await session.heartbeat()
  }

  #endBatch(batch: SimulatedBatch): void {
    const { topic, partition, messages } = batch
    const firstOffset = batch.firstOffset()
    const lastOffset = batch.lastOffset()
    const span = { topic, partition, batchSize: messages.length, firstOffset, lastOffset }
    this.#emit('consumer.end_batch_process', span)
  }

  #payloadOf(session: KafkaSession, batch: SimulatedBatch): Payload {
    const { partition } = batch
    const lastMessage = batch.messages.at(-1)?.offset
    return {
      batch,
      resolveOffset: (offset) => {
        // The last record also stands for the markers after it.
        const resolved = offset === lastMessage ? batch.lastOffset() : offset
        session.resolve(partition, Number(resolved) + 1)
      },
      heartbeat: () => session.heartbeat(),
      pause: () => {
        this.#paused.add(partition)
        return () => this.#paused.delete(partition)
      },
      commitOffsetsIfNecessary: (offsets) => session.commit(offsetsIn(offsets)),
      uncommittedOffsets: () => this.#uncommitted(session),
      isRunning: () => this.#isRunning,
      isStale: () => this.#seeks.has(partition),
    }
  }

  #uncommitted(session: KafkaSession): Offsets {
    const partitions = [...session.uncommitted()].map(([partition, offset]) => ({
      partition,
      offset: String(offset),
    }))
    return { topics: partitions.length === 0 ? [] : [{ topic: this.#topic, partitions }] }
  }

  #emit(name: string, payload: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) listener({ payload })
  }
}

function offsetsIn({ topics }: Offsets): ReadonlyMap<number, number> {
  return new Map(
    topics.flatMap(({ partitions }) =>
      partitions.map(({ partition, offset }) => [partition, Number(offset)] as const),
    ),
  )
}
