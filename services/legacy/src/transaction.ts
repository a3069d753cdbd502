import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'

/**
 * Does all of the work in one transaction, or nothing of it. A connection whose transaction has failed is closed, because the
 * outcome of its last statement may be unknown; what was not committed is rolled back.
 *
 * @throws StoreUnavailableError, or the error of the work.
 */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw unavailable(error)
  })
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw unavailable(error)
  }
}
