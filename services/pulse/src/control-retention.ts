import type { Remove } from '@tenseams/event-store/retention'
import { assertSchemaName } from '@tenseams/event-store/statement'
import type pg from 'pg'

/** Above the number of streams, one a partition: the rows that stay are among the oldest, and must not hide the others. */
const MOST_STREAMS = 1_000

/**
 * Removes ticks and barriers by their age, which order by position is. The newest row of each stream stays, because it holds
 * the version that the next one continues. The connector reads them from the WAL, not from the table, and the publication
 * carries no deletes, so nothing of this reaches a topic.
 */
export function removeControlRows(pool: pg.Pool, schema: string): Remove {
  assertSchemaName(schema)
  const text = `with oldest as (
      select position, stream_id, version, recorded_at
        from ${schema}.events order by position limit $2 + ${MOST_STREAMS}
    ), old as (
      select position from oldest o where recorded_at < $1
         and exists (select from ${schema}.events newer
                      where newer.stream_id = o.stream_id and newer.version > o.version)
       order by position limit $2
    ), gone as (
      delete from ${schema}.events e using old where e.position = old.position returning 1
    )
    select count(*)::integer as removed from gone`
  return async (cutoff, limit) => {
    const { rows } = await pool.query<{ removed: number }>(text, [cutoff, limit])
    return rows[0]?.removed ?? 0
  }
}
