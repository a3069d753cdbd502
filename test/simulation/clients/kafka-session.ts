import { BrokerError, ConnectionLostError } from '../world/network.ts'
import type { Environment } from './kafka-producer.ts'

type SessionOptions = {
  readonly groupId: string
  readonly topic: string
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
}

const JOIN_ATTEMPTS = 8
const JOIN_RETRY_MS = 100

const rebalancing = new Set([
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'NOT_COORDINATOR_FOR_GROUP',
])

/** As in kafkajs's runner.js: an error of ours with the type counts as well. */
export function isRebalancing(error: unknown): boolean {
  return error instanceof Error && 'type' in error && rebalancing.has(String(error.type))
}

/** A member's membership in its group and its positions in its partitions: kafkajs's ConsumerGroup and OffsetManager. */
export class KafkaSession {
  readonly #environment: Environment
  readonly #options: SessionOptions
  /** The offset of the next fetch, by partition. */
  positions = new Map<number, number>()
  partitions: readonly number[] = []
  #committed = new Map<number, number>()
  #memberId = ''
  #generation = -1
  #lastBeat = 0
  #beating: Promise<void> | undefined

  constructor(environment: Environment, options: SessionOptions) {
    this.#environment = environment
    this.#options = options
  }

  async join(): Promise<void> {
    const { groupId, sessionTimeoutMs } = this.#options
    const group = this.#environment.broker.group(groupId)
    for (let attempt = 1; ; attempt++) {
      try {
        const { memberId, generation, partitions } = await this.#call('join', () =>
          group.join(this.#memberId, sessionTimeoutMs),
        )
        this.#memberId = memberId
        this.#generation = generation
        this.partitions = partitions
        this.positions = new Map()
        this.#committed = new Map()
        this.#lastBeat = this.#environment.world.now
        return
      } catch (error) {
        if (attempt === JOIN_ATTEMPTS) throw error
        if (error instanceof BrokerError && error.type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
        await this.#environment.world.sleep(JOIN_RETRY_MS * attempt)
      }
    }
  }

  async leave(): Promise<void> {
    const group = this.#environment.broker.group(this.#options.groupId)
    const memberId = this.#memberId
    await this.#call('leave', () => group.leave(memberId))
  }

  /** Shared by concurrent callers, and sent only when a heartbeat is due. */
  heartbeat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  async #beat(): Promise<void> {
    const { world, broker } = this.#environment
    if (world.now < this.#lastBeat + this.#options.heartbeatMs) return
    const group = broker.group(this.#options.groupId)
    const memberId = this.#memberId
    const generation = this.#generation
    try {
      await this.#call('heartbeat', () => group.heartbeat(memberId, generation))
    } catch (error) {
      // A broken connection is reopened; the next heartbeat is due at once.
      if (error instanceof ConnectionLostError) return
      throw error
    }
    this.#lastBeat = world.now
  }

  resolve(partition: number, next: number): void {
    if (this.partitions.includes(partition)) this.positions.set(partition, next)
  }

  /** Fetches committed offsets of partitions without a position; one without any is read from its beginning. */
  async resolvePositions(): Promise<void> {
    const missing = this.partitions.filter((partition) => !this.#committed.has(partition))
    if (missing.length === 0) return
    const { groupId, topic } = this.#options
    const { offsets } = this.#environment.broker
    const read = await this.#call('offsetFetch', () => new Map(offsets.read(groupId)))
    for (const partition of missing) {
      const committed = read.get(`${topic}-${partition}`) ?? 0
      this.#committed.set(partition, committed)
      if (!this.positions.has(partition)) this.positions.set(partition, committed)
    }
  }

  uncommitted(): ReadonlyMap<number, number> {
    const moved = [...this.positions].filter(
      ([partition, next]) => this.#committed.get(partition) !== next,
    )
    return new Map(moved)
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    if (positions.size === 0) return
    const { groupId, topic } = this.#options
    const { broker } = this.#environment
    const memberId = this.#memberId
    const generation = this.#generation
    const offsets = new Map([...positions].map(([one, next]) => [`${topic}-${one}`, next]))
    await this.#call(
      'offsetCommit',
      () => {
        broker.group(groupId).assertMember(memberId, generation)
        broker.offsets.commit(groupId, offsets)
      },
      () => [...offsets].map(([place, next]) => `${place}@${next}`).join(' '),
    )
    for (const [partition, next] of positions) this.#committed.set(partition, next)
  }

  #call<Value>(
    name: string,
    serve: () => Value | Promise<Value>,
    about?: () => string,
  ): Promise<Value> {
    const call = { server: 'broker', name, serve } as const
    return this.#environment.network.call(about === undefined ? call : { ...call, about })
  }
}
