import type { ReadingOrder } from '@tenseams/event-store/read-category'

// $1 is named in each of them, since Postgres must know its type.

/** Reads by position whatever is committed: skips the events of a transaction that commits late. */
export const byPosition: ReadingOrder = {
  name: 'by-position',
  where: '$1::xid8 is not null and position > $2::bigint order by position',
}

/** Stops below the oldest running transaction, but continues from a position: skips where the two orders cross. */
export const byPositionBelowRunning: ReadingOrder = {
  name: 'by-position-below-running',
  where: `$1::xid8 is not null and position > $2::bigint
          and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) order by position`,
}
