import { StoreUnavailableError, unavailable } from '@tenseams/event-store/errors'
import { HeldError } from '@tenseams/kafka/failure'
import type { Log } from '@tenseams/telemetry/log'
import type pg from 'pg'

/** The newest change of the switch: who froze captures, or let them go on, when and why. */
export type CaptureChange = {
  readonly frozen: boolean
  readonly at: Date
  readonly by: string
  readonly reason: string
}

/** Somebody has frozen captures: nothing was sent to the provider. */
export class CapturesFrozenError extends HeldError {
  readonly code = 'CAPTURES_FROZEN'

  constructor({ at, by }: CaptureChange) {
    super(`captures are frozen since ${at.toISOString()} by ${by}`)
  }
}

export type CaptureSwitchOptions = {
  readonly pool: Pick<pg.Pool, 'query'>
  readonly schema: string
  readonly log: Pick<Log, 'info' | 'warn'>
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

/** An answer of Postgres that was asked for longer ago is no longer used: so a freeze holds everywhere within a second. */
const MOST_AGE_MS = 500
/** One that took longer says nothing about now. */
const MOST_LATE_MS = 1_000

type Row = {
  readonly frozen: boolean
  readonly changed_at: Date
  readonly changed_by: string
  readonly reason: string
}

type Answer = { readonly askedAt: number; readonly change: CaptureChange | undefined }

/**
 * The kill switch of captures, in a table of `deploy/postgres/ledger.sql`: each change is a row, the newest is in force. So it
 * outlives restarts and holds for every instance of the service.
 *
 * Whoever is about to capture asks `assertOpen`. The answer is at most a second old, and Postgres is asked twice a second at
 * most, however much is captured, and not at all when nothing is. Without an answer nothing is captured.
 */
export class CaptureSwitch {
  readonly #options: CaptureSwitchOptions
  readonly #now: () => number
  #answer: Answer | undefined
  #reading: Promise<Answer> | undefined

  constructor(options: CaptureSwitchOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Whether the last answer said that captures are frozen. */
  get isKnownFrozen(): boolean {
    return this.#answer?.change?.frozen ?? false
  }

  /** @throws CapturesFrozenError, StoreUnavailableError when Postgres does not say so in time. */
  async assertOpen(): Promise<void> {
    const { change } = await this.#recent()
    if (change?.frozen === true) throw new CapturesFrozenError(change)
  }

  /** The newest change, as Postgres has it now; undefined when there was none. @throws StoreUnavailableError */
  async read(): Promise<CaptureChange | undefined> {
    return (await this.#ask()).change
  }

  /**
   * Freezes captures, or lets them go on. Idempotent: what is so already stays as it is, with its time, identity and reason.
   *
   * @returns the change that is in force.
   * @throws StoreUnavailableError: it may or may not have been done.
   */
  async set(frozen: boolean, by: string, reason: string): Promise<CaptureChange | undefined> {
    const { pool, schema } = this.#options
    try {
      await pool.query(
        `insert into ${schema}.capture_switch (frozen, changed_by, reason)
         select $1, $2, $3
          where $1 <> coalesce(
            (select frozen from ${schema}.capture_switch order by change_no desc limit 1), false)`,
        [frozen, by, reason],
      )
    } catch (error) {
      throw unavailable(error)
    }
    return this.read()
  }

  async #recent(): Promise<Answer> {
    const known = this.#answer
    if (known !== undefined && this.#now() - known.askedAt < MOST_AGE_MS) return known
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined
    })
    const answer = await this.#reading
    if (this.#now() - answer.askedAt < MOST_LATE_MS) return answer
    throw new StoreUnavailableError('Postgres took too long to say whether captures are frozen')
  }

  async #ask(): Promise<Answer> {
    const { pool, schema } = this.#options
    const askedAt = this.#now()
    try {
      const { rows } = await pool.query<Row>(
        `select frozen, changed_at, changed_by, reason
           from ${schema}.capture_switch order by change_no desc limit 1`,
      )
      return this.#keep({ askedAt, change: rows[0] && changeOf(rows[0]) })
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** Of two answers that come out of turn, the one that was asked for later. */
  #keep(answer: Answer): Answer {
    const before = this.#answer
    if (before !== undefined && before.askedAt > answer.askedAt) return before
    this.#answer = answer
    this.#report(before?.change, answer.change)
    return answer
  }

  #report(before: CaptureChange | undefined, change: CaptureChange | undefined): void {
    if (change === undefined || change.frozen === (before?.frozen ?? false)) return
    const { log } = this.#options
    const about = { identity: change.by, detail: change.reason }
    if (change.frozen) log.warn(about, 'captures are frozen: the money of what is sent stays held')
    else log.info(about, 'captures go on')
  }
}

const changeOf = (row: Row): CaptureChange => ({
  frozen: row.frozen,
  at: row.changed_at,
  by: row.changed_by,
  reason: row.reason,
})
