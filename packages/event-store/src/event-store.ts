import { UnderWay } from '@tenseams/service/under-way'
import type { Queue } from '@tenseams/telemetry/readings'
import { activeMember, type Member } from '@tenseams/telemetry/tracing/shared'
import type pg from 'pg'
import { type Append, type AppendResult, planBatch, type SideTable } from './append.ts'
import { StoreUnavailableError, unavailable } from './errors.ts'
import { leavesOutcomeOpen, type ResolveOutcome, resolveOutcome } from './lost-statement.ts'
import { appendText, appendValues } from './statement.ts'
import { inStatementStep } from './statement-step.ts'

export type EventStoreOptions = {
  readonly pool: pg.Pool
  /** The schema that schema.sql was applied to. */
  readonly schema: string
  /** Where the `rows` of appends go, in the same statement as their events. */
  readonly sideTable?: SideTable
  /** Statements under way at once, when the first of them are late. */
  readonly maxStatements?: number
  readonly maxBatch?: number
  readonly maxQueued?: number
  /** How long it may take to find out the outcome of an append whose connection was lost. */
  readonly resolveWithinMs?: number
  readonly resolveOutcome?: ResolveOutcome
  /** Told after each statement that has appended something. */
  readonly onAppended?: (() => void) | undefined
}

type Queued = {
  readonly append: Append
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: Error) => void
  /** The step that waits for it, when that is recorded. */
  readonly member: Member | undefined
}

type OutcomeRow = {
  readonly append_no: number
  readonly outcome: 'appended' | 'repeated' | 'conflict'
  readonly actual_version: string
}

/**
 * Appends with group commit: while a statement is under way, callers' appends queue up, and the next statement writes
 * all of them in one commit. One caller's conflict never fails another.
 *
 * A lost connection leaves the outcome of its statement open. The store then looks it up by event ids and guards over
 * another connection, and answers each caller with what happened. A caller whose append was not written, and cannot be
 * any more, gets StoreUnavailableError. The outcome stays unknown only when Postgres is unavailable for longer than
 * `resolveWithinMs`. In both cases the caller may retry with the same guard and event ids, because a guard that was
 * written answers `repeated`. After a crash of this process nobody can look it up: the guards make the retry safe.
 */
export class EventStore {
  readonly #pool: pg.Pool
  readonly #text: string
  readonly #sideTable: SideTable | undefined
  readonly #underWay: UnderWay
  readonly #maxBatch: number
  readonly #maxQueued: number
  readonly #schema: string
  readonly #resolveWithinMs: number
  readonly #resolveOutcome: ResolveOutcome
  readonly #onAppended: (() => void) | undefined
  #queue: Queued[] = []

  constructor(options: EventStoreOptions) {
    this.#pool = options.pool
    this.#text = appendText(options.schema, options.sideTable)
    this.#sideTable = options.sideTable
    this.#schema = options.schema
    this.#underWay = new UnderWay({
      most: options.maxStatements ?? 2,
      onLate: () => this.#pump(),
    })
    this.#maxBatch = options.maxBatch ?? 256
    this.#maxQueued = options.maxQueued ?? 10_000
    this.#resolveWithinMs = options.resolveWithinMs ?? 5_000
    this.#resolveOutcome = options.resolveOutcome ?? resolveOutcome
    this.#onAppended = options.onAppended
  }

  /** The appends that wait for a statement. */
  get queue(): Queue {
    const waiting = () => this.#queue.length
    return { name: 'appends', capacity: this.#maxQueued, waiting }
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
    this.#queue.push({ append, resolve, reject, member: activeMember() })
    return promise
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#underWay.mayBegin) {
      const { batch, rest } = planBatch(this.#queue, this.#maxBatch)
      this.#queue = rest
      const end = this.#underWay.begin()
      void inStatementStep(this.#schema, membersOf(batch), batch.length, () =>
        this.#write(batch),
      ).finally(() => {
        end()
        this.#pump()
      })
    }
  }

  async #write(batch: readonly Queued[]): Promise<void> {
    try {
      const appends = batch.map(({ append }) => append)
      const values = appendValues(appends, this.#sideTable)
      const client = await this.#pool.connect()
      await this.#send(client, batch, [...values])
    } catch (error) {
      await this.#refuse(batch, unavailable(error))
    }
  }

  async #send(client: pg.PoolClient, batch: readonly Queued[], values: unknown[]): Promise<void> {
    client.on('error', reportedByTheQuery)
    try {
      const query = { name: 'append', text: this.#text, values }
      const { rows } = await client.query<OutcomeRow>(query)
      client.off('error', reportedByTheQuery)
      client.release()
      for (const row of rows) batch[row.append_no - 1]?.resolve(resultOf(row))
      if (rows.some(({ outcome }) => outcome === 'appended')) this.#onAppended?.()
    } catch (error) {
      const isOpen = leavesOutcomeOpen(error)
      if (!isOpen) client.off('error', reportedByTheQuery)
      // A connection whose outcome is open is closed, not reused.
      client.release(isOpen)
      if (!isOpen) throw error
      await this.#resolve(batch, backendIdOf(client), error)
    }
  }

  async #resolve(batch: readonly Queued[], backendId: number, cause: unknown): Promise<void> {
    const results = await this.#resolveOutcome({
      pool: this.#pool,
      schema: this.#schema,
      batch: batch.map(({ append }) => append),
      backendId,
      withinMs: this.#resolveWithinMs,
    })
    for (const [index, { resolve, reject }] of batch.entries()) {
      const result = results[index]
      if (result !== undefined) resolve(result)
      else
        reject(new StoreUnavailableError('the connection was lost; nothing was written', { cause }))
    }
  }

  /** An append that Postgres refuses for good must not fail the others of its batch: each is tried alone. */
  async #refuse(batch: readonly Queued[], error: Error): Promise<void> {
    if (batch.length > 1 && !(error instanceof StoreUnavailableError)) {
      for (const one of batch) await this.#write([one])
      return
    }
    for (const { reject } of batch) reject(error)
  }
}

function membersOf(batch: readonly Queued[]): readonly Member[] {
  return batch.flatMap(({ member }) => member ?? [])
}

function resultOf(row: OutcomeRow): AppendResult {
  if (row.outcome !== 'conflict') return { kind: row.outcome }
  return { kind: 'conflict', actualVersion: BigInt(row.actual_version) }
}

function reportedByTheQuery(): void {
  // The query rejects with the same error. Without a listener, a broken connection would end the process.
}

/** The pid of the backend that serves a connection; `pg` has it, but its types do not declare it. */
function backendIdOf(client: pg.PoolClient): number {
  const { processID } = client as pg.PoolClient & { readonly processID: number }
  return processID
}
