import type pg from 'pg'
import { unavailable } from './errors.ts'
import { type EventRow, type StoredEvent, storedEvent } from './read.ts'
import { assertSchemaName } from './statement.ts'

/** A position in the log of all streams. `position` alone is not in the order of commits. */
export type LogPosition = { readonly transactionId: bigint; readonly position: bigint }

export const logStart: LogPosition = { transactionId: 0n, position: 0n }

export type PositionedEvent = StoredEvent & {
  readonly logPosition: LogPosition
  /** By Postgres' clock; times are not in the order of positions. */
  readonly recordedAt: Date
}

export type CategoryReading = {
  readonly after: LogPosition
  /** At most this many events; fewer do not mean that the log ends there. */
  readonly limit: number
}

/** Which events come next, and in which order: SQL over the events table, with `$1::xid8` and `$2::bigint` as `after`. */
export type ReadingOrder = {
  /** Names the prepared statement. */
  readonly name: string
  readonly where: string
}

/** The order in which no event is ever added behind a reader; `readCategory` says why. */
export const byTransaction: ReadingOrder = {
  name: 'by-transaction',
  where: `(transaction_id, position) > ($1::xid8, $2::bigint)
          and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
          order by transaction_id, position`,
}

type PositionedRow = EventRow & {
  readonly transaction_id: string
  readonly position: string
  readonly recorded_at: Date
}

/**
 * The next events of all streams of a store, ordered by transaction, then by position, and only below the oldest
 * transaction that still runs. A stream's versions come in their order, because a transaction gets its id when it holds
 * the stream's lock. A reader that stores the last event's `logPosition` with its effect skips nothing and repeats
 * nothing, whatever crashes.
 *
 * Ordering by position alone would skip events: a row gets its position when it is written and becomes visible when its
 * transaction commits, so a higher position can become visible first. Stopping below the oldest running transaction does
 * not repair that by itself: a transaction with a smaller id may get a higher position than one that still runs.
 *
 * A transaction that writes anywhere in this Postgres, and stays open, delays all readers; it makes none skip.
 *
 * @param order a test replaces it to show what another order skips.
 * @throws StoreUnavailableError
 */
export async function readCategory(
  pool: pg.Pool,
  schema: string,
  { after, limit }: CategoryReading,
  order: ReadingOrder = byTransaction,
): Promise<readonly PositionedEvent[]> {
  assertSchemaName(schema)
  const columns =
    'event_id, stream_id, version, type, payload, transaction_id, position, recorded_at'
  try {
    const { rows } = await pool.query<PositionedRow>({
      name: `read-category-${order.name}`,
      text: `select ${columns} from ${schema}.events where ${order.where} limit $3`,
      values: [after.transactionId, after.position, limit],
    })
    return rows.map((row) => ({
      ...storedEvent(row),
      recordedAt: row.recorded_at,
      logPosition: { transactionId: BigInt(row.transaction_id), position: BigInt(row.position) },
    }))
  } catch (error) {
    throw unavailable(error)
  }
}
