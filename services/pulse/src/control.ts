import type { Codec, Encoder } from '@tenseams/codec/codec'
import { readTopics } from '@tenseams/contracts/topics'
import type { Append, AppendResult } from '@tenseams/event-store/append'
import { EventStore } from '@tenseams/event-store/event-store'
import { keepSchema } from '@tenseams/event-store/schemas'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'

/** The Postgres schema of the control rows. */
const SCHEMA = 'control'

/** Where a control row goes. Each partition has a stream of its own. */
export type Place = { readonly topic: string; readonly partition: number }

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
export function controlPlaces(): readonly Place[] {
  return readTopics()
    .filter((topic) => topic.control)
    .flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
}

const streamIdOf = ({ topic, partition }: Place): string => `control/${topic}/${partition}`

/**
 * Writes ticks and barriers: rows of the events' shape that travel the same way as data, Postgres, Debezium, Kafka,
 * so that they can never overtake it. Ticks keep windows moving in a quiet partition; a barrier marks one point of
 * the log in every partition of every topic, in one transaction.
 *
 * Two of them at once do no harm: a version conflict is resolved by reading where the stream is.
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
    for (const topic of new Set(controlPlaces().map((place) => place.topic))) {
      const encoder: Encoder<ControlEnvelope> = await codec.encoder(topic)
      await keepSchema(pool, SCHEMA, encoder)
      encoders.set(topic, encoder)
    }
    return new Control(new EventStore({ pool, schema: SCHEMA }), encoders)
  }

  /**
   * One row in each place, in one transaction. Writes follow one another.
   *
   * @returns the ids of the rows, by topic and partition.
   * @throws StoreUnavailableError
   */
  write(type: ControlType, places: readonly Place[]): Promise<readonly WrittenRow[]> {
    const written = this.#lastWrite.then(() => this.#write(type, places))
    this.#lastWrite = written.catch(() => undefined)
    return written
  }

  async #write(type: ControlType, places: readonly Place[]): Promise<readonly WrittenRow[]> {
    let missing = places
    const rows: WrittenRow[] = []
    for (let attempt = 1; missing.length > 0; attempt += 1) {
      if (attempt > 10) throw new Error('control rows conflict again and again')
      const appends = missing.map((place) => this.#append(type, place))
      const results = await this.#store.appendTogether(appends)
      const failed: Place[] = []
      for (const [index, place] of missing.entries()) {
        const append = appends[index]
        const result = results[index]
        if (append === undefined || result === undefined) throw new Error('a result is missing')
        this.#learn(place, append, result)
        if (result.kind === 'appended') rows.push({ ...place, eventId: idOf(append) })
        else failed.push(place)
      }
      missing = failed
    }
    return rows
  }

  #append(type: ControlType, place: Place): Append {
    const streamId = streamIdOf(place)
    const expectedVersion = this.#versions.get(streamId) ?? 0n
    const version = expectedVersion + 1n
    const eventId = uuidv7()
    const occurredAt = Date.now()
    const encoder = this.#encoders.get(place.topic)
    if (encoder === undefined) throw new Error(`${place.topic} carries no control rows`)
    const traceparent = null
    const payload = encoder.encode({ eventId, streamId, version, type, occurredAt, traceparent })
    const { topic, partition } = place
    const event = { eventId, version, type, topic, partition, data: { occurredAt }, payload }
    return { streamId, expectedVersion, events: [event] }
  }

  #learn(place: Place, append: Append, result: AppendResult): void {
    const version = result.kind === 'conflict' ? result.actualVersion : append.expectedVersion + 1n
    this.#versions.set(streamIdOf(place), version)
  }
}

export type WrittenRow = Place & { readonly eventId: string }

function idOf(append: Append): string {
  const [event] = append.events
  if (event === undefined) throw new Error('a control row has one event')
  return event.eventId
}
