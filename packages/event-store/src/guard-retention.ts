import type pg from 'pg'
import { unavailable } from './errors.ts'
import type { ExpiringRows, Remove } from './retention.ts'
import { assertSchemaName } from './statement.ts'

const keyOf = { inbox: 'event_id', idempotency: 'key' } as const

type GuardTable = keyof typeof keyOf

/** The inbox, for `Retention`. Older redeliveries are recognised by the state of their stream: docs/retention.md. */
export function inboxOf(pool: pg.Pool, schema: string, lifeMs: number): ExpiringRows {
  return { what: 'inbox', lifeMs, remove: removeGuards(pool, schema, 'inbox') }
}

/** The Idempotency-Keys, for `Retention`. When a key is removed, a request with it is a new one. */
export function idempotencyKeysOf(pool: pg.Pool, schema: string, lifeMs: number): ExpiringRows {
  return { what: 'Idempotency-Keys', lifeMs, remove: removeGuards(pool, schema, 'idempotency') }
}

/**
 * Removes guards by their index on age. The statement that removes them also notes up to which age it did, so nobody takes
 * a removed row for one that was never written.
 *
 * @throws StoreUnavailableError
 */
export function removeGuards(pool: pg.Pool, schema: string, table: GuardTable): Remove {
  assertSchemaName(schema)
  const key = keyOf[table]
  const text = `with old as (
      select ${key} from ${schema}.${table} where recorded_at < $1 order by recorded_at limit $2
    ), gone as (
      delete from ${schema}.${table} g using old where g.${key} = old.${key} returning 1
    ), noted as (
      insert into ${schema}.removals (what, removed_before)
      select '${table}', $1 where exists (select from gone)
      on conflict (what) do update set removed_before = greatest(removals.removed_before, excluded.removed_before)
    )
    select count(*)::integer as removed from gone`
  return async (cutoff, limit) => {
    try {
      const { rows } = await pool.query<{ removed: number }>(text, [cutoff, limit])
      return rows[0]?.removed ?? 0
    } catch (error) {
      throw unavailable(error)
    }
  }
}
