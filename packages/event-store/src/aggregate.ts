import { type Decider, fold } from '@tenseams/decider/decider'
import type pg from 'pg'
import type { Guard, NewEvent } from './append.ts'
import { StoreUnavailableError } from './errors.ts'
import type { EventStore } from './event-store.ts'
import { readStream, type StoredEvent } from './read.ts'

/** What an event is stamped with when it is decided. */
export type Stamp = {
  readonly eventId: string
  readonly streamId: string
  readonly version: bigint
  /** Milliseconds since the epoch: event time. */
  readonly occurredAt: number
  readonly traceparent: string | null
}

export type AggregateOptions<Command, Event, State, Refusal> = {
  readonly pool: pg.Pool
  readonly store: EventStore
  readonly schema: string
  readonly decider: Decider<Command, Event, State, Refusal>
  /** A decided event as it will be stored and sent. */
  readonly seal: (event: Event, stamp: Stamp) => NewEvent
  /** The event that stored bytes say; undefined for a type that this reader does not know. */
  readonly open: (stored: StoredEvent) => Promise<Event | undefined>
}

export type Circumstances = {
  /** Ids of the events to come, by their place in the decision; the same input must give the same ids. */
  readonly eventIdOf: (step: number) => string
  readonly occurredAt: number
  readonly traceparent: string | null
  readonly guard?: Guard
}

export type Outcome<Event, Refusal> =
  | { readonly kind: 'done'; readonly events: readonly Event[]; readonly version: bigint }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const MAX_ATTEMPTS = 8

/** Load, decide, append: the life of a command against one kind of stream. */
export class Aggregate<Command, Event, State, Refusal> {
  readonly #options: AggregateOptions<Command, Event, State, Refusal>

  constructor(options: AggregateOptions<Command, Event, State, Refusal>) {
    this.#options = options
  }

  async load(streamId: string): Promise<{ readonly state: State; readonly version: bigint }> {
    const { pool, schema, decider, open } = this.#options
    const stored = await readStream(pool, schema, streamId)
    const events = await Promise.all(stored.map(open))
    const known = events.filter((event) => event !== undefined)
    return { state: fold(decider, known), version: stored.at(-1)?.version ?? 0n }
  }

  /**
   * Decides on what the stream says now and appends with that version. When another was quicker the decision is made
   * again, at most eight times. With a guard the same input has its effect once, whatever crashes in between.
   *
   * @throws StoreUnavailableError
   */
  async handle(
    streamId: string,
    command: Command,
    circumstances: Circumstances,
  ): Promise<Outcome<Event, Refusal>> {
    let loaded = await this.load(streamId)
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const outcome = await this.#decide(streamId, command, circumstances, loaded)
      if (outcome !== 'conflict') return outcome
      loaded = await this.load(streamId)
    }
    throw new StoreUnavailableError(`stream ${streamId} changes faster than it can be decided on`)
  }

  /** The first command of a stream that nobody else can know yet: the read is spared, the check is not. */
  async begin(
    streamId: string,
    command: Command,
    circumstances: Circumstances,
  ): Promise<Outcome<Event, Refusal>> {
    const nothing = { state: this.#options.decider.initialState, version: 0n }
    const outcome = await this.#decide(streamId, command, circumstances, nothing)
    return outcome === 'conflict' ? this.handle(streamId, command, circumstances) : outcome
  }

  async #decide(
    streamId: string,
    command: Command,
    circumstances: Circumstances,
    loaded: { readonly state: State; readonly version: bigint },
  ): Promise<Outcome<Event, Refusal> | 'conflict'> {
    const decision = this.#options.decider.decide(command, loaded.state)
    if (decision.kind === 'refused') return decision
    const events = decision.events.map((event, step) =>
      this.#options.seal(event, {
        eventId: circumstances.eventIdOf(step),
        streamId,
        version: loaded.version + BigInt(step) + 1n,
        occurredAt: circumstances.occurredAt,
        traceparent: circumstances.traceparent,
      }),
    )
    const { guard } = circumstances
    const append = { streamId, expectedVersion: loaded.version, events }
    const result = await this.#options.store.append(
      guard === undefined ? append : { ...append, guard },
    )
    if (result.kind === 'conflict') return 'conflict'
    if (result.kind === 'repeated') return { kind: 'repeated' }
    const version = loaded.version + BigInt(events.length)
    return { kind: 'done', events: decision.events, version }
  }
}
