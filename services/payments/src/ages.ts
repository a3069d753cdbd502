import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'

/** How long ago that was by our clock, in milliseconds; negative when it is dated ahead. */
export const ageOf = (time: Date): number => Date.now() - time.getTime()

/**
 * The age of what was last recorded of each order; none for an order without a record.
 *
 * @throws StoreUnavailableError
 */
export async function agesOf(
  pool: pg.Pool,
  schema: string,
  orders: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  try {
    const { rows } = await pool.query<{ stream_id: string; latest: Date }>({
      name: 'latest-of-streams',
      text: `select w.stream_id, e.latest from unnest($1::text[]) as w(stream_id)
              cross join lateral (
                select max(recorded_at) as latest from ${schema}.events where stream_id = w.stream_id) e
              where e.latest is not null`,
      values: [orders],
    })
    return new Map(rows.map(({ stream_id: id, latest }) => [id, ageOf(latest)]))
  } catch (error) {
    throw unavailable(error)
  }
}
