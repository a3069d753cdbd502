import { type Decider, fold } from '@tenseams/decider/decider'
import type pg from 'pg'
import type { Append, CompanionRow, Guard, NewEvent } from './append.ts'
import { StoreUnavailableError } from './errors.ts'
import type { EventStore } from './event-store.ts'
import { readStream, type StoredEvent } from './read.ts'
import { keepSnapshot, readSnapshot, type SnapshotCodec } from './snapshots.ts'

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
  /** What an event means for the store's companion table; written with it, or not at all. */
  readonly rowsOf?: (event: Event, stamp: Stamp) => readonly CompanionRow[]
  /** The event that stored bytes say; undefined for a type that this reader does not know. */
  readonly open: (stored: StoredEvent) => Promise<Event | undefined>
  /** For streams that become long. A snapshot changes how much is read, never what comes of it. */
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
const MAX_SNAPSHOTS_UNDER_WAY = 2

/** Load, decide, append: the life of a command against one kind of stream. */
export class Aggregate<Command, Event, State, Refusal> {
  readonly #options: AggregateOptions<Command, Event, State, Refusal>
  #snapshotsUnderWay = 0

  constructor(options: AggregateOptions<Command, Event, State, Refusal>) {
    this.#options = options
  }

  /** @throws StoreUnavailableError */
  async load(streamId: string): Promise<Loaded<State>> {
    const { pool, schema, decider, open, snapshot } = this.#options
    const begin =
      snapshot === undefined ? undefined : await readSnapshot(pool, schema, streamId, snapshot)
    const stored = await readStream(pool, schema, streamId, begin?.version)
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
      const outcome = await this.handleAt(streamId, loaded, command, circumstances)
      if (outcome.kind !== 'conflict') return outcome
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
    const outcome = await this.handleAt(streamId, nothing, command, circumstances)
    return outcome.kind === 'conflict' ? this.handle(streamId, command, circumstances) : outcome
  }

  /**
   * Decides on what was loaded, and on nothing newer: for a client that says which version it has seen. When the
   * stream has moved on meanwhile nothing is written.
   *
   * @throws StoreUnavailableError
   */
  async handleAt(
    streamId: string,
    loaded: { readonly state: State; readonly version: bigint },
    command: Command,
    circumstances: Circumstances,
  ): Promise<Outcome<Event, Refusal> | { readonly kind: 'conflict' }> {
    const decision = this.#options.decider.decide(command, loaded.state)
    if (decision.kind === 'refused') return decision
    const stamped = decision.events.map((event, step) => ({
      event,
      stamp: stampOf(streamId, loaded.version, step, circumstances),
    }))
    const result = await this.#options.store.append(
      this.#appendOf(streamId, loaded.version, stamped, circumstances.guard),
    )
    if (result.kind !== 'appended') return { kind: result.kind }
    const version = loaded.version + BigInt(stamped.length)
    this.#afterAppend(streamId, loaded.version, version)
    return { kind: 'done', events: decision.events, version }
  }

  #appendOf(
    streamId: string,
    expectedVersion: bigint,
    stamped: readonly { readonly event: Event; readonly stamp: Stamp }[],
    guard: Guard | undefined,
  ): Append {
    const { seal, rowsOf } = this.#options
    return {
      streamId,
      expectedVersion,
      events: stamped.map(({ event, stamp }) => seal(event, stamp)),
      ...(guard === undefined ? {} : { guard }),
      ...(rowsOf && { rows: stamped.flatMap(({ event, stamp }) => rowsOf(event, stamp)) }),
    }
  }

  /** The caller does not wait for a snapshot, and is not told that it failed: the next one serves as well. */
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
   * What is kept is the state that the stored events say, not the one that was decided with: so a seal that loses
   * something cannot hide. An event that is unknown here is one that a later release may know; then nothing is kept.
   */
  async #keepSnapshot(streamId: string, snapshot: SnapshotCodec<State>): Promise<void> {
    const loaded = await this.load(streamId)
    if (!loaded.allKnown || loaded.read === 0) return
    await keepSnapshot(this.#options.pool, this.#options.schema, streamId, loaded, snapshot)
  }
}

function stampOf(
  streamId: string,
  before: bigint,
  step: number,
  { eventIdOf, occurredAt, traceparent }: Circumstances,
): Stamp {
  const version = before + BigInt(step) + 1n
  return { eventId: eventIdOf(step), streamId, version, occurredAt, traceparent }
}
