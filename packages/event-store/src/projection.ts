import { Periodic, type PeriodicOptions, type Round } from '@tenseams/service/periodic'
import type pg from 'pg'
import { unavailable } from './errors.ts'
import { type LogPosition, logStart, type PositionedEvent, readCategory } from './read-category.ts'
import { assertSchemaName } from './statement.ts'

/** `building` is built from the log's start, readers see `current`, and the rows of `retired` are being removed. */
export type GenerationState = 'building' | 'current' | 'retired'

export type Generation = {
  readonly generation: number
  readonly state: GenerationState
  /** The position of the last event whose effect is in its rows. */
  readonly checkpoint: LogPosition
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
    events: readonly PositionedEvent[],
  ) => Promise<void>
  /** Removes at most `limit` rows of a generation and returns the number removed. */
  readonly clear: (client: pg.PoolClient, generation: number, limit: number) => Promise<number>
  readonly onApplied?: (events: number) => void
  readonly onError?: (error: unknown) => void
  readonly readEvents?: typeof readCategory
  /** Between two steps; a test gives its own. */
  readonly sleep?: NonNullable<PeriodicOptions<number>['sleep']>
}

const BATCH = 500
/**
 * The rows of a batch have no statistics, so a join of them with the read model may be planned as a scan of all of it. These
 * leave the index.
 */
const BEGIN =
  'begin; set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off'
const CLEARED_AT_ONCE = 5_000
/** Between two steps, so that what comes meanwhile shares a transaction. While nothing comes it doubles up to the longest. */
const PAUSE_MS = 150
const LONGEST_PAUSE_MS = 500
const AFTER_ERROR_MS = 500

/**
 * A read model of all streams of a store, kept up to date by reading the log. Its rows and its checkpoint change in one
 * transaction, so a crash anywhere neither skips nor repeats an event. Several processes may run the same projection:
 * one that finds the checkpoint moved writes nothing.
 *
 * A rebuild is another generation that reads from the log's start while the current one stays up to date. When it has
 * caught up, readers are switched to it in one transaction, and the rows of the former one are removed in small steps.
 * Writers of the log are not affected.
 */
export class Projection {
  readonly #options: ProjectionOptions
  readonly #steps: Periodic<number>
  /** Steps in a row that found nothing. */
  #idleSteps = 0

  constructor(options: ProjectionOptions) {
    assertSchemaName(options.schema)
    this.#options = options
    this.#steps = new Periodic({
      work: () => this.step(),
      pauseMs: (round) => this.#pauseAfter(round),
      onError: (error) => options.onError?.(error),
      ...(options.sleep && { sleep: options.sleep }),
    })
  }

  start(): void {
    this.#steps.start()
  }

  /** Something was appended: ends a longer pause. Appends that nobody tells of are found when it is over. */
  wake(): void {
    if (pauseAfterIdle(this.#idleSteps) === PAUSE_MS) return
    this.#idleSteps = 0
    this.#steps.wake()
  }

  /** Finishes the batch under way. */
  close(): Promise<void> {
    return this.#steps.close()
  }

  /** All generations, oldest first. @throws StoreUnavailableError */
  async generations(): Promise<readonly Generation[]> {
    const { rows } = await this.#query<GenerationRow>({
      name: 'generations',
      text: `select generation, state, transaction_id, position from ${this.#table}
              where name = $1 order by generation`,
      values: [this.#options.name],
    })
    return rows.map(({ generation, state, transaction_id, position }) => ({
      generation,
      state,
      checkpoint: { transactionId: BigInt(transaction_id), position: BigInt(position) },
    }))
  }

  /**
   * Begins a generation at the log's start; the processes that run the projection build it. Only one is built at a
   * time: while there is one, its number is returned.
   *
   * @throws StoreUnavailableError
   */
  async rebuild(): Promise<number> {
    await this.#query({
      text: `insert into ${this.#table} (name, generation, state)
             select $1, coalesce(max(generation), 0) + 1, 'building' from ${this.#table} where name = $1
             on conflict do nothing`,
      values: [this.#options.name],
    })
    const building = (await this.generations()).find(({ state }) => state === 'building')
    return building?.generation ?? this.rebuild()
  }

  /** Applies at most one batch to each generation; returns the number of events and of removed rows. @throws StoreUnavailableError */
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
    if (generations.some(({ state }) => state === 'building')) await this.#switch()
    return moved
  }

  /** A step that may have left something behind is followed by the next one at once. */
  #pauseAfter(round: Round<number>): number {
    if (round.kind === 'failed') return AFTER_ERROR_MS
    this.#idleSteps = round.result > 0 ? 0 : this.#idleSteps + 1
    return round.result >= BATCH ? 0 : pauseAfterIdle(this.#idleSteps)
  }

  get #table(): string {
    return `${this.#options.schema}.projections`
  }

  async #begin(): Promise<void> {
    await this.#query({
      text: `insert into ${this.#table} (name, generation, state) values ($1, 1, 'current')
             on conflict do nothing`,
      values: [this.#options.name],
    })
  }

  async #advance({ generation, checkpoint }: Generation): Promise<number> {
    const { pool, schema, readEvents = readCategory, apply, onApplied } = this.#options
    const events = await readEvents(pool, schema, { after: checkpoint, limit: BATCH })
    const reached = events.at(-1)?.logPosition
    if (reached === undefined) return 0
    const isOurs = await this.#inTransaction(async (client) => {
      const { rowCount } = await client.query({
        name: 'move-checkpoint',
        text: `update ${this.#table} set transaction_id = $3, position = $4
                where name = $1 and generation = $2 and state <> 'retired'
                  and transaction_id = $5::xid8 and position = $6`,
        values: [this.#options.name, generation, ...valuesOf(reached), ...valuesOf(checkpoint)],
      })
      if (rowCount === 1) await apply(client, generation, events)
      return rowCount === 1
    })
    if (isOurs) onApplied?.(events.length)
    return events.length
  }

  /** Switches readers to the new generation when it has read as far as the current one. */
  async #switch(): Promise<void> {
    const generations = await this.generations()
    const building = generations.find(({ state }) => state === 'building')
    if (building === undefined) return
    const current = generations.find(({ state }) => state === 'current')
    if (isBefore(building.checkpoint, current?.checkpoint ?? logStart)) return
    await this.#inTransaction(async (client) => {
      const values = [this.#options.name, building.generation]
      const { rowCount } = await client.query(
        `update ${this.#table} set state = 'retired'
          where name = $1 and generation <> $2 and state = 'current'
            and (transaction_id, position) <= ($3::xid8, $4::bigint)`,
        [...values, ...valuesOf(building.checkpoint)],
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

  async #query<Row extends pg.QueryResultRow>(query: pg.QueryConfig) {
    try {
      return await this.#options.pool.query<Row>(query)
    } catch (error) {
      throw unavailable(error)
    }
  }

  async #inTransaction<Value>(work: (client: pg.PoolClient) => Promise<Value>): Promise<Value> {
    const client = await this.#options.pool.connect().catch((error: unknown) => {
      throw unavailable(error)
    })
    let isBroken = true
    try {
      await client.query(BEGIN)
      const value = await work(client)
      await client.query('commit')
      isBroken = false
      return value
    } catch (error) {
      throw unavailable(error)
    } finally {
      // Closing the connection is the surest way to roll back.
      client.release(isBroken)
    }
  }
}

function pauseAfterIdle(idleSteps: number): number {
  return Math.min(PAUSE_MS * 2 ** Math.max(0, idleSteps - 1), LONGEST_PAUSE_MS)
}

type GenerationRow = {
  readonly generation: number
  readonly state: GenerationState
  readonly transaction_id: string
  readonly position: string
}

const valuesOf = ({ transactionId, position }: LogPosition): readonly bigint[] => [
  transactionId,
  position,
]

function isBefore(one: LogPosition, other: LogPosition): boolean {
  if (one.transactionId !== other.transactionId) return one.transactionId < other.transactionId
  return one.position < other.position
}
