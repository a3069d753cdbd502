import { Periodic, type Round } from '@tenseams/service/periodic'
import type pg from 'pg'
import { unavailable } from './errors.ts'
import {
  type CategoryReading,
  type PlacedEvent,
  type ReadingPlace,
  readCategory,
  theBeginning,
} from './read-category.ts'
import { assertSchemaName } from './statement.ts'

/** `building` is made from the log's beginning, `current` is what readers see, of `retired` rows are being removed. */
export type GenerationState = 'building' | 'current' | 'retired'

export type Generation = {
  readonly generation: number
  readonly state: GenerationState
  /** The place of the last event whose effect is in its rows. */
  readonly place: ReadingPlace
}

export type ProjectionOptions = {
  readonly pool: pg.Pool
  /** The schema of the event store that is read. */
  readonly schema: string
  readonly name: string
  /** Writes what the events mean into the rows of a generation, in the transaction that `client` has open. */
  readonly apply: (
    client: pg.PoolClient,
    generation: number,
    events: readonly PlacedEvent[],
  ) => Promise<void>
  /** Removes at most `limit` rows of a generation and returns how many it were. */
  readonly clear: (client: pg.PoolClient, generation: number, limit: number) => Promise<number>
  readonly onApplied?: (events: number) => void
  readonly onError?: (error: unknown) => void
  /** Broken modes, for the test that shows what each skips. */
  readonly naive?: NonNullable<CategoryReading['naive']>
}

const BATCH = 500
const CLEARED_AT_ONCE = 5_000
const IDLE_MS = 50
const AFTER_ERROR_MS = 500

/**
 * A read model of all streams of a store, kept up to date by reading the log. Its rows and the place of the last event
 * in them change in one transaction, so a crash anywhere neither skips nor repeats an event. Several processes may run
 * the same projection: the one that finds the place moved on leaves it at that.
 *
 * A rebuild is another generation that reads from the beginning while the current one goes on; when it has caught up,
 * readers are switched to it in one transaction, and the rows of the former are removed in small steps. Nobody who
 * writes to the log notices.
 */
export class Projection {
  readonly #options: ProjectionOptions
  readonly #steps: Periodic<number>

  constructor(options: ProjectionOptions) {
    assertSchemaName(options.schema)
    this.#options = options
    this.#steps = new Periodic({
      work: () => this.step(),
      pauseMs: pauseAfter,
      onError: (error) => options.onError?.(error),
    })
  }

  start(): void {
    this.#steps.start()
  }

  /** Finishes the batch in hand. */
  close(): Promise<void> {
    return this.#steps.close()
  }

  /** All generations, the oldest first. @throws StoreUnavailableError */
  async generations(): Promise<readonly Generation[]> {
    const { rows } = await this.#query<GenerationRow>(
      `select generation, state, transaction_id, position from ${this.#table}
        where name = $1 order by generation`,
      [this.#options.name],
    )
    return rows.map(({ generation, state, transaction_id, position }) => ({
      generation,
      state,
      place: { transactionId: BigInt(transaction_id), position: BigInt(position) },
    }))
  }

  /**
   * Begins a generation from the log's beginning; whoever runs the projection builds it. One at a time: while one is
   * being built, that one is returned.
   *
   * @throws StoreUnavailableError
   */
  async rebuild(): Promise<number> {
    await this.#query(
      `insert into ${this.#table} (name, generation, state)
       select $1, coalesce(max(generation), 0) + 1, 'building' from ${this.#table} where name = $1
       on conflict do nothing`,
      [this.#options.name],
    )
    const building = (await this.generations()).find(({ state }) => state === 'building')
    return building?.generation ?? this.rebuild()
  }

  /** Reads on by at most a batch a generation; returns how many events that were. @throws StoreUnavailableError */
  async step(): Promise<number> {
    let generations = await this.generations()
    if (generations.length === 0) {
      await this.#begin()
      generations = await this.generations()
    }
    let moved = 0
    for (const generation of generations) {
      if (generation.state === 'retired') moved += await this.#clear(generation)
      else moved += await this.#advance(generation)
    }
    await this.#switch()
    return moved
  }

  get #table(): string {
    return `${this.#options.schema}.projections`
  }

  async #begin(): Promise<void> {
    await this.#query(
      `insert into ${this.#table} (name, generation, state) values ($1, 1, 'current')
       on conflict do nothing`,
      [this.#options.name],
    )
  }

  async #advance({ generation, place }: Generation): Promise<number> {
    const { pool, schema, naive, apply, onApplied } = this.#options
    const reading = { after: place, limit: BATCH, ...(naive && { naive }) }
    const events = await readCategory(pool, schema, reading)
    const reached = events.at(-1)?.place
    if (reached === undefined) return 0
    const isOurs = await this.#inTransaction(async (client) => {
      const { rowCount } = await client.query(
        `update ${this.#table} set transaction_id = $3, position = $4
          where name = $1 and generation = $2 and state <> 'retired'
            and transaction_id = $5::xid8 and position = $6`,
        [this.#options.name, generation, ...valuesOf(reached), ...valuesOf(place)],
      )
      if (rowCount === 1) await apply(client, generation, events)
      return rowCount === 1
    })
    if (isOurs) onApplied?.(events.length)
    return events.length
  }

  /** Shows readers the new generation as soon as it has read as far as the current one. */
  async #switch(): Promise<void> {
    const generations = await this.generations()
    const building = generations.find(({ state }) => state === 'building')
    if (building === undefined) return
    const current = generations.find(({ state }) => state === 'current')
    const place = current?.place ?? theBeginning
    if (isBefore(building.place, place)) return
    await this.#inTransaction(async (client) => {
      const values = [this.#options.name, building.generation]
      const { rowCount } = await client.query(
        `update ${this.#table} set state = 'retired'
          where name = $1 and generation <> $2 and state = 'current'
            and (transaction_id, position) <= ($3::xid8, $4::bigint)`,
        [...values, ...valuesOf(building.place)],
      )
      if (rowCount !== (current === undefined ? 0 : 1)) return
      await client.query(
        `update ${this.#table} set state = 'current'
          where name = $1 and generation = $2 and state = 'building'`,
        values,
      )
    })
  }

  async #clear({ generation }: Generation): Promise<number> {
    return this.#inTransaction(async (client) => {
      const cleared = await this.#options.clear(client, generation, CLEARED_AT_ONCE)
      if (cleared > 0) return cleared
      await client.query(`delete from ${this.#table} where name = $1 and generation = $2`, [
        this.#options.name,
        generation,
      ])
      return 0
    })
  }

  async #query<Row extends pg.QueryResultRow>(text: string, values: unknown[]) {
    try {
      return await this.#options.pool.query<Row>(text, values)
    } catch (error) {
      throw unavailable(error)
    }
  }

  async #inTransaction<Value>(work: (client: pg.PoolClient) => Promise<Value>): Promise<Value> {
    const client = await this.#options.pool.connect().catch((error: unknown) => {
      throw unavailable(error)
    })
    let isSpoilt = true
    try {
      await client.query('begin')
      const value = await work(client)
      await client.query('commit')
      isSpoilt = false
      return value
    } catch (error) {
      throw unavailable(error)
    } finally {
      // Closing the connection is the surest way to roll back.
      client.release(isSpoilt)
    }
  }
}

/** A step that found events is followed by the next one at once. */
function pauseAfter(round: Round<number>): number {
  if (round.kind === 'failed') return AFTER_ERROR_MS
  return round.result === 0 ? IDLE_MS : 0
}

type GenerationRow = {
  readonly generation: number
  readonly state: GenerationState
  readonly transaction_id: string
  readonly position: string
}

const valuesOf = ({ transactionId, position }: ReadingPlace): readonly bigint[] => [
  transactionId,
  position,
]

function isBefore(one: ReadingPlace, other: ReadingPlace): boolean {
  if (one.transactionId !== other.transactionId) return one.transactionId < other.transactionId
  return one.position < other.position
}
