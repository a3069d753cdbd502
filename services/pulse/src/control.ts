import type { Codec, Encoder } from '@tenseams/codec/codec'
import { readTopics } from '@tenseams/contracts/topics'
import type { Append, AppendResult } from '@tenseams/event-store/append'
import { EventStore } from '@tenseams/event-store/event-store'
import { keepSchema } from '@tenseams/event-store/schemas'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'

/** The Postgres schema of the control rows. */
export const SCHEMA = 'control'

/** Where a control row goes. Each partition has its own stream. */
export type TopicPartition = { readonly topic: string; readonly partition: number }

export type ControlType = 'tick' | 'barrier'

/** The envelope without a branch, which all topics with control rows share. */
type ControlEnvelope = {
  readonly eventId: string
  readonly streamId: string
  readonly version: bigint
  readonly type: ControlType
  readonly occurredAt: number
  readonly traceparent: null
}

/** Every partition of every topic that carries control rows. */
export function controlPartitions(): readonly TopicPartition[] {
  return readTopics()
    .filter((topic) => topic.control)
    .flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
}

const streamIdOf = ({ topic, partition }: TopicPartition): string => `control/${topic}/${partition}`

/**
 * Writes ticks and barriers: rows of the events' shape that take the same way as data (Postgres, Debezium, Kafka), so
 * they never overtake data. Ticks keep windows moving in a quiet partition; a barrier marks one point of the log in every
 * partition of every topic, in one transaction.
 *
 * Two processes may write at once: on a version conflict the writer takes the actual version and retries.
 */
export class Control {
  readonly #store: EventStore
  readonly #encoders: ReadonlyMap<string, Encoder<ControlEnvelope>>
  readonly #versions = new Map<string, bigint>()
  #lastWrite: Promise<unknown> = Promise.resolve()

  private constructor(store: EventStore, encoders: ReadonlyMap<string, Encoder<ControlEnvelope>>) {
    this.#store = store
    this.#encoders = encoders
  }

  /** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError */
  static async open(pool: pg.Pool, codec: Codec): Promise<Control> {
    const encoders = new Map<string, Encoder<ControlEnvelope>>()
    for (const topic of new Set(controlPartitions().map(({ topic }) => topic))) {
      const encoder: Encoder<ControlEnvelope> = await codec.encoder(topic)
      await keepSchema(pool, SCHEMA, encoder)
      encoders.set(topic, encoder)
    }
    return new Control(new EventStore({ pool, schema: SCHEMA }), encoders)
  }

  /**
   * Writes one row to each of these partitions, in one transaction. Writes run one after another.
   *
   * @returns the ids of the rows, by topic and partition.
   * @throws StoreUnavailableError
   */
  write(type: ControlType, partitions: readonly TopicPartition[]): Promise<readonly WrittenRow[]> {
    const written = this.#lastWrite.then(() => this.#write(type, partitions))
    this.#lastWrite = written.catch(() => undefined)
    return written
  }

  async #write(
    type: ControlType,
    partitions: readonly TopicPartition[],
  ): Promise<readonly WrittenRow[]> {
    let missing = partitions
    const rows: WrittenRow[] = []
    for (let attempt = 1; missing.length > 0; attempt += 1) {
      if (attempt > 10) throw new Error('control rows: ten version conflicts in a row')
      const appends = missing.map((target) => this.#append(type, target))
      const results = await this.#store.appendTogether(appends)
      const failed: TopicPartition[] = []
      for (const [index, target] of missing.entries()) {
        const append = appends[index]
        const result = results[index]
        if (append === undefined || result === undefined) throw new Error('a result is missing')
        this.#learn(target, append, result)
        if (result.kind === 'appended') rows.push({ ...target, eventId: idOf(append) })
        else failed.push(target)
      }
      missing = failed
    }
    return rows
  }

  #append(type: ControlType, target: TopicPartition): Append {
    const streamId = streamIdOf(target)
    const expectedVersion = this.#versions.get(streamId) ?? 0n
    const version = expectedVersion + 1n
    const eventId = uuidv7()
    const occurredAt = Date.now()
    const encoder = this.#encoders.get(target.topic)
    if (encoder === undefined) throw new Error(`${target.topic} carries no control rows`)
    const traceparent = null
    const payload = encoder.encode({ eventId, streamId, version, type, occurredAt, traceparent })
    const { topic, partition } = target
    const event = { eventId, version, type, topic, partition, data: { occurredAt }, payload }
    return { streamId, expectedVersion, events: [event] }
  }

  #learn(target: TopicPartition, append: Append, result: AppendResult): void {
    const version = result.kind === 'conflict' ? result.actualVersion : append.expectedVersion + 1n
    this.#versions.set(streamIdOf(target), version)
  }
}

export type WrittenRow = TopicPartition & { readonly eventId: string }

function idOf(append: Append): string {
  const [event] = append.events
  if (event === undefined) throw new Error('a control row has one event')
  return event.eventId
}
