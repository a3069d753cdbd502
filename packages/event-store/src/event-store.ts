import type pg from 'pg'
import { type Append, type AppendResult, planBatch } from './append.ts'
import { StoreUnavailableError, unavailable } from './errors.ts'
import { appendText, appendValues } from './statement.ts'

export type EventStoreOptions = {
  readonly pool: pg.Pool
  /** The schema that schema.sql was applied to. */
  readonly schema: string
  /** Statements under way at once; more of them means smaller batches. */
  readonly maxStatements?: number
  readonly maxBatch?: number
  readonly maxQueued?: number
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
 * A lost connection leaves the outcome unknown: every append of the batch is rejected with StoreUnavailableError, and
 * the caller may try again with the same guard and event ids, since a guard that was written answers `repeated`.
 */
export class EventStore {
  readonly #pool: pg.Pool
  readonly #text: string
  readonly #maxStatements: number
  readonly #maxBatch: number
  readonly #maxQueued: number
  #queue: Queued[] = []
  #underWay = 0

  constructor(options: EventStoreOptions) {
    this.#pool = options.pool
    this.#text = appendText(options.schema)
    this.#maxStatements = options.maxStatements ?? 2
    this.#maxBatch = options.maxBatch ?? 256
    this.#maxQueued = options.maxQueued ?? 10_000
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
      const values = appendValues(batch.map(({ append }) => append))
      const { rows } = await this.#pool.query<OutcomeRow>({
        name: 'append',
        text: this.#text,
        values: [...values],
      })
      for (const row of rows) batch[row.append_no - 1]?.resolve(resultOf(row))
    } catch (error) {
      await this.#refuse(batch, unavailable(error))
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
