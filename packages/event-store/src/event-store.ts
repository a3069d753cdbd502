import type pg from 'pg'
import { type Append, type AppendResult, type Companion, planBatch } from './append.ts'
import { StoreUnavailableError, unavailable } from './errors.ts'
import { leavesOutcomeOpen, resolveLost } from './lost-statement.ts'
import { appendText, appendValues } from './statement.ts'

export type EventStoreOptions = {
  readonly pool: pg.Pool
  /** The schema that schema.sql was applied to. */
  readonly schema: string
  /** Where the `rows` of appends go, in the same statement as their events. */
  readonly companion?: Companion
  /** Statements under way at once; more of them means smaller batches. */
  readonly maxStatements?: number
  readonly maxBatch?: number
  readonly maxQueued?: number
  /** How long an append whose connection was lost may take to find out what became of it. */
  readonly resolveWithinMs?: number
  /** Broken modes, for the tests that show what each would do: no look-up at all, or one that does not wait. */
  readonly lostStatements?: 'resolved' | 'refused' | 'unfenced'
}

type Queued = {
  readonly append: Append
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: Error) => void
}

type OutcomeRow = {
  readonly append_no: number
  readonly outcome: 'appended' | 'repeated' | 'conflict'
  readonly actual_version: string
}

/**
 * Appends with group commit: while a statement is under way, callers' appends gather, and the next statement carries
 * all of them over one commit. One caller's conflict never fails another.
 *
 * A connection lost on the way leaves open what became of the statement. It is found out by event ids and guards over
 * another connection, and each caller is answered with what really happened; one of whose append nothing is there, and
 * nothing will be, gets StoreUnavailableError. Its outcome stays unknown only when Postgres is gone for longer than
 * `resolveWithinMs`. Either way the caller may try again with the same guard and event ids, since a guard that was
 * written answers `repeated`. After a crash of this process nobody is left to ask: that is what the guards are for.
 */
export class EventStore {
  readonly #pool: pg.Pool
  readonly #text: string
  readonly #companion: Companion | undefined
  readonly #maxStatements: number
  readonly #maxBatch: number
  readonly #maxQueued: number
  readonly #schema: string
  readonly #resolveWithinMs: number
  readonly #lostStatements: 'resolved' | 'refused' | 'unfenced'
  #queue: Queued[] = []
  #underWay = 0

  constructor(options: EventStoreOptions) {
    this.#pool = options.pool
    this.#text = appendText(options.schema, options.companion)
    this.#companion = options.companion
    this.#schema = options.schema
    this.#maxStatements = options.maxStatements ?? 2
    this.#maxBatch = options.maxBatch ?? 256
    this.#maxQueued = options.maxQueued ?? 10_000
    this.#resolveWithinMs = options.resolveWithinMs ?? 5_000
    this.#lostStatements = options.lostStatements ?? 'resolved'
  }

  /**
   * Resolves when the events are durable, or with the reason why none was written.
   *
   * @throws StoreUnavailableError when Postgres gives no answer, or more than `maxQueued` appends wait.
   */
  append(append: Append): Promise<AppendResult> {
    const result = this.#enqueue(append)
    this.#pump()
    return result
  }

  /** Several appends in one statement, so in one commit; at most a batch of them, each to a stream of its own. */
  appendTogether(appends: readonly Append[]): Promise<readonly AppendResult[]> {
    const results = appends.map((append) => this.#enqueue(append))
    this.#pump()
    return Promise.all(results)
  }

  #enqueue(append: Append): Promise<AppendResult> {
    if (this.#queue.length >= this.#maxQueued) {
      return Promise.reject(new StoreUnavailableError('too many appends wait'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>()
    this.#queue.push({ append, resolve, reject })
    return promise
  }

  #pump(): void {
    while (this.#underWay < this.#maxStatements && this.#queue.length > 0) {
      const { batch, rest } = planBatch(this.#queue, this.#maxBatch)
      this.#queue = rest
      this.#underWay += 1
      void this.#write(batch).finally(() => {
        this.#underWay -= 1
        this.#pump()
      })
    }
  }

  async #write(batch: readonly Queued[]): Promise<void> {
    try {
      const appends = batch.map(({ append }) => append)
      const values = appendValues(appends, this.#companion)
      const client = await this.#pool.connect()
      await this.#send(client, batch, [...values])
    } catch (error) {
      await this.#refuse(batch, unavailable(error))
    }
  }

  async #send(client: pg.PoolClient, batch: readonly Queued[], values: unknown[]): Promise<void> {
    client.on('error', alsoToldByTheQuery)
    try {
      const query = { name: 'append', text: this.#text, values }
      const { rows } = await client.query<OutcomeRow>(query)
      client.off('error', alsoToldByTheQuery)
      client.release()
      for (const row of rows) batch[row.append_no - 1]?.resolve(resultOf(row))
    } catch (error) {
      const isOpen = leavesOutcomeOpen(error)
      if (!isOpen) client.off('error', alsoToldByTheQuery)
      // A connection whose outcome is open is never used again.
      client.release(isOpen)
      if (!isOpen || this.#lostStatements === 'refused') throw error
      await this.#resolve(batch, backendIdOf(client), error)
    }
  }

  async #resolve(batch: readonly Queued[], backendId: number, cause: unknown): Promise<void> {
    const results = await resolveLost({
      pool: this.#pool,
      schema: this.#schema,
      batch: batch.map(({ append }) => append),
      backendId,
      withinMs: this.#resolveWithinMs,
      fenced: this.#lostStatements !== 'unfenced',
    })
    for (const [index, { resolve, reject }] of batch.entries()) {
      const result = results[index]
      if (result !== undefined) resolve(result)
      else reject(new StoreUnavailableError('lost on the way, nothing was written', { cause }))
    }
  }

  /** An append that Postgres refuses for good must not take the others of its batch with it: each is tried alone. */
  async #refuse(batch: readonly Queued[], error: Error): Promise<void> {
    if (batch.length > 1 && !(error instanceof StoreUnavailableError)) {
      for (const one of batch) await this.#write([one])
      return
    }
    for (const { reject } of batch) reject(error)
  }
}

function resultOf(row: OutcomeRow): AppendResult {
  if (row.outcome !== 'conflict') return { kind: row.outcome }
  return { kind: 'conflict', actualVersion: BigInt(row.actual_version) }
}

function alsoToldByTheQuery(): void {
  // Without a listener the error of a connection that breaks would end the process.
}

/** The process of Postgres that serves a connection; `pg` keeps it, but its types do not say so. */
function backendIdOf(client: pg.PoolClient): number {
  const { processID } = client as pg.PoolClient & { readonly processID: number }
  return processID
}
