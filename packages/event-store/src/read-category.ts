import type pg from 'pg'
import { unavailable } from './errors.ts'
import { type EventRow, type StoredEvent, storedEvent } from './read.ts'
import { assertSchemaName } from './statement.ts'

/** How far a reader of all streams has come. Positions alone are not in the order of commits. */
export type ReadingPlace = { readonly transactionId: bigint; readonly position: bigint }

export const theBeginning: ReadingPlace = { transactionId: 0n, position: 0n }

export type PlacedEvent = StoredEvent & {
  readonly place: ReadingPlace
  /** By Postgres' clock; times are not in the order of places. */
  readonly recordedAt: Date
}

export type CategoryReading = {
  readonly after: ReadingPlace
  /** At most this many events; fewer do not mean that it was the end. */
  readonly limit: number
  /**
   * Broken modes, for the tests that show what each skips: `no-horizon` reads by position whatever is committed,
   * `position-only` stops below the oldest running transaction, but goes on from a position.
   */
  readonly naive?: 'no-horizon' | 'position-only'
}

type PlacedRow = EventRow & {
  readonly transaction_id: string
  readonly position: string
  readonly recorded_at: Date
}

/**
 * The next events of all streams of a store, in an order in which nothing is added behind a reader: by transaction, then
 * by position, and only below the oldest transaction that still runs. Each stream's versions come in their order, because
 * a transaction gets its id when it has the stream's lock. A reader that keeps the last event's `place` with its effect
 * skips nothing and repeats nothing, whatever crashes.
 *
 * Why not by position: it is drawn when a row is written, and seen when its transaction commits, so that a higher one may
 * be seen first. Stopping below the oldest running transaction does not mend that by itself: one with a smaller id may
 * draw a higher position than one that still runs.
 *
 * A transaction that writes anywhere in this Postgres, and stays open, holds all readers back; it makes none skip.
 *
 * @throws StoreUnavailableError
 */
export async function readCategory(
  pool: pg.Pool,
  schema: string,
  { after, limit, naive }: CategoryReading,
): Promise<readonly PlacedEvent[]> {
  assertSchemaName(schema)
  const columns =
    'event_id, stream_id, version, type, payload, transaction_id, position, recorded_at'
  const text = `select ${columns} from ${schema}.events where ${conditions[naive ?? 'sound']} limit $3`
  try {
    const { rows } = await pool.query<PlacedRow>({
      name: `read-category-${naive ?? 'sound'}`,
      text,
      values: [after.transactionId, after.position, limit],
    })
    return rows.map((row) => ({
      ...storedEvent(row),
      recordedAt: row.recorded_at,
      place: { transactionId: BigInt(row.transaction_id), position: BigInt(row.position) },
    }))
  } catch (error) {
    throw unavailable(error)
  }
}

const belowRunning = 'transaction_id < pg_snapshot_xmin(pg_current_snapshot())'

// $1 is named in each of them, since Postgres must know its type.
const conditions = {
  sound: `(transaction_id, position) > ($1::xid8, $2::bigint) and ${belowRunning}
          order by transaction_id, position`,
  'no-horizon': `$1::xid8 is not null and position > $2::bigint order by position`,
  'position-only': `$1::xid8 is not null and position > $2::bigint and ${belowRunning} order by position`,
} as const
