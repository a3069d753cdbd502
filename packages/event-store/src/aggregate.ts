import { type Decider, fold } from '@tenseams/decider/decider'
import type { Queue } from '@tenseams/telemetry/readings'
import type pg from 'pg'
import type { Append, Guard, NewEvent, SideRow } from './append.ts'
import { StoreUnavailableError } from './errors.ts'
import type { EventStore } from './event-store.ts'
import type { StoredEvent } from './read.ts'
import { keepSnapshot, readSnapshot, type SnapshotCodec } from './snapshots.ts'
import { StreamReader } from './stream-reader.ts'
import { inAppendStep, traceHeadersOf } from './trace-headers.ts'

/** What a decided event carries beside its data. */
export type EventMetadata = {
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
  /** A decided event as it is stored and published. */
  readonly seal: (event: Event, metadata: EventMetadata) => NewEvent
  /** What an event means for the store's sideTable table; written with it, or not at all. */
  readonly rowsOf?: (event: Event, metadata: EventMetadata) => readonly SideRow[]
  /** The event in the stored bytes; undefined for a type that this reader does not know. */
  readonly open: (stored: StoredEvent) => Promise<Event | undefined>
  /** For streams that become long. A snapshot changes how much is read, never the result. */
  readonly snapshot?: SnapshotCodec<State>
}

type Loaded<State> = {
  readonly state: State
  readonly version: bigint
  /** How many events were read for it. */
  readonly read: number
  /** False when there was an event among them that this reader does not know. */
  readonly allKnown: boolean
}

/** What is known of a command beside its data. */
export type CommandMetadata = {
  /** The id of each event, by its index in the decision; the same input must give the same ids. */
  readonly eventIdOf: (step: number) => string
  readonly occurredAt: number
  /** The trace that it is of. Its events name the span of their append in that trace. */
  readonly traceparent: string | null
  readonly guard?: Guard
}

export type Outcome<Event, Refusal> =
  | { readonly kind: 'done'; readonly events: readonly Event[]; readonly version: bigint }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const MAX_ATTEMPTS = 8
const MAX_SNAPSHOTS_UNDER_WAY = 2

/** Load, decide, append: how a command is handled for one kind of stream. */
export class Aggregate<Command, Event, State, Refusal> {
  readonly #options: AggregateOptions<Command, Event, State, Refusal>
  readonly #streams: StreamReader
  #snapshotsUnderWay = 0

  constructor(options: AggregateOptions<Command, Event, State, Refusal>) {
    this.#options = options
    this.#streams = new StreamReader(options)
  }

  /** Where commands wait for Postgres. */
  get queues(): readonly Queue[] {
    return [this.#options.store.queue, this.#streams.queue]
  }

  /** @throws StoreUnavailableError */
  async load(streamId: string): Promise<Loaded<State>> {
    const { pool, schema, decider, open, snapshot } = this.#options
    const begin =
      snapshot === undefined ? undefined : await readSnapshot(pool, schema, streamId, snapshot)
    const stored = await this.#streams.read(streamId, begin?.version)
    const events = await Promise.all(stored.map(open))
    const known = events.filter((event) => event !== undefined)
    const initialState = begin === undefined ? decider.initialState : begin.state
    return {
      state: fold({ ...decider, initialState }, known),
      version: stored.at(-1)?.version ?? begin?.version ?? 0n,
      read: stored.length,
      allKnown: known.length === events.length,
    }
  }

  /**
   * Loads the stream, decides, and appends at the loaded version. On a version conflict it reloads and decides again,
   * at most eight times. With a guard the same input has its effect once, whatever crashes in between.
   *
   * @throws StoreUnavailableError
   */
  async handle(
    streamId: string,
    command: Command,
    metadata: CommandMetadata,
  ): Promise<Outcome<Event, Refusal>> {
    let loaded = await this.load(streamId)
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const outcome = await this.handleAt(streamId, loaded, command, metadata)
      if (outcome.kind !== 'conflict') return outcome
      loaded = await this.load(streamId)
    }
    throw new StoreUnavailableError(`stream ${streamId} changes faster than it can be decided on`)
  }

  /** The first command of a stream whose id is new: skips the read; the append still checks the version. */
  async begin(
    streamId: string,
    command: Command,
    metadata: CommandMetadata,
  ): Promise<Outcome<Event, Refusal>> {
    const nothing = { state: this.#options.decider.initialState, version: 0n }
    const outcome = await this.handleAt(streamId, nothing, command, metadata)
    return outcome.kind === 'conflict' ? this.handle(streamId, command, metadata) : outcome
  }

  /**
   * Decides on what the caller has loaded already, and skips a read. When the stream has changed since, or the command is
   * refused, it is loaded and decided on again.
   *
   * @throws StoreUnavailableError
   */
  async handleFrom(
    streamId: string,
    loaded: { readonly state: State; readonly version: bigint },
    command: Command,
    metadata: CommandMetadata,
  ): Promise<Outcome<Event, Refusal>> {
    const outcome = await this.handleAt(streamId, loaded, command, metadata)
    const isOver = outcome.kind === 'done' || outcome.kind === 'repeated'
    return isOver ? outcome : this.handle(streamId, command, metadata)
  }

  /**
   * Decides on what was loaded, and on nothing newer: for a client that says which version it has seen. Nothing is
   * written when the stream has a newer version.
   *
   * @throws StoreUnavailableError
   */
  async handleAt(
    streamId: string,
    loaded: { readonly state: State; readonly version: bigint },
    command: Command,
    metadata: CommandMetadata,
  ): Promise<Outcome<Event, Refusal> | { readonly kind: 'conflict' }> {
    const decision = this.#options.decider.decide(command, loaded.state)
    if (decision.kind === 'refused') return decision
    const { events } = decision
    const { schema, store } = this.#options
    const result = await inAppendStep(schema, streamId, metadata.traceparent, (traceparent) => {
      const withMetadata = events.map((event, step) => ({
        event,
        metadata: metadataOf(streamId, loaded.version, step, { ...metadata, traceparent }),
      }))
      const append = this.#appendOf(streamId, loaded.version, withMetadata, metadata.guard)
      return store.append(append)
    })
    if (result.kind !== 'appended') return { kind: result.kind }
    const version = loaded.version + BigInt(events.length)
    this.#afterAppend(streamId, loaded.version, version)
    return { kind: 'done', events, version }
  }

  #appendOf(
    streamId: string,
    expectedVersion: bigint,
    withMetadata: readonly { readonly event: Event; readonly metadata: EventMetadata }[],
    guard: Guard | undefined,
  ): Append {
    const { seal, rowsOf } = this.#options
    return {
      streamId,
      expectedVersion,
      events: withMetadata.map(({ event, metadata }) => ({
        ...seal(event, metadata),
        ...traceHeadersOf(metadata.traceparent),
      })),
      ...(guard === undefined ? {} : { guard }),
      ...(rowsOf && {
        rows: withMetadata.flatMap(({ event, metadata }) => rowsOf(event, metadata)),
      }),
    }
  }

  /** The caller does not wait for a snapshot. A failed one is ignored, because the next one replaces it. */
  #afterAppend(streamId: string, before: bigint, after: bigint): void {
    const { snapshot } = this.#options
    if (snapshot === undefined || this.#snapshotsUnderWay >= MAX_SNAPSHOTS_UNDER_WAY) return
    const every = BigInt(snapshot.every)
    if (before / every === after / every) return
    this.#snapshotsUnderWay += 1
    void this.#keepSnapshot(streamId, snapshot)
      .catch(() => undefined)
      .finally(() => {
        this.#snapshotsUnderWay -= 1
      })
  }

  /**
   * Keeps the state that the stored events give, not the one that was decided with: so a `seal` that loses data
   * cannot hide. Nothing is kept when an event is unknown here, since a later release may know it.
   */
  async #keepSnapshot(streamId: string, snapshot: SnapshotCodec<State>): Promise<void> {
    const loaded = await this.load(streamId)
    if (!loaded.allKnown || loaded.read === 0) return
    await keepSnapshot(this.#options.pool, this.#options.schema, streamId, loaded, snapshot)
  }
}

function metadataOf(
  streamId: string,
  before: bigint,
  step: number,
  { eventIdOf, occurredAt, traceparent }: CommandMetadata,
): EventMetadata {
  const version = before + BigInt(step) + 1n
  return { eventId: eventIdOf(step), streamId, version, occurredAt, traceparent }
}
