import { unavailable } from '@tenseams/event-store/errors'
import type { LogPosition } from '@tenseams/event-store/read-category'
import type pg from 'pg'

/** How far both sides have been compared. */
export type Compared = {
  /** When the first comparison of all began. */
  readonly begunAt: Date
  /** The provider's cursor after the last change that was compared; undefined before the first. */
  readonly theirs: string | undefined
  readonly ours: LogPosition
}

/**
 * What the reconciler remembers over a restart. `unsettled` are the orders that it has passed without an answer: they are
 * compared again, one by one, until there is one.
 */
export type Progress = {
  read(): Promise<Compared>
  write(compared: Pick<Compared, 'theirs' | 'ours'>): Promise<void>
  /** Those that were tried longest ago. */
  unsettled(limit: number): Promise<readonly string[]>
  /** @throws Error when there are too many: it is an outage then, and must not be passed. */
  addUnsettled(orderId: string): Promise<void>
  settle(orderId: string): Promise<void>
}

const MAX_UNSETTLED = 1_000

type ComparedRow = {
  readonly begun_at: Date
  readonly provider_cursor: string | null
  readonly transaction_id: string
  readonly position: string
}

/**
 * Progress in the tables of `deploy/postgres/ledger.sql`. What was compared is written after it was repaired, so a crash
 * costs a comparison that is repeated, and never one that is left out. Of two reconcilers at once the one that is
 * behind may win: that, too, costs a repetition only.
 */
export function progressIn(pool: pg.Pool, schema: string): Progress {
  const ask = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
    try {
      return (await pool.query<Row>(text, values)).rows
    } catch (error) {
      throw unavailable(error)
    }
  }
  return {
    read: async () => {
      await ask(`insert into ${schema}.reconciliation default values on conflict do nothing`)
      const [row] = await ask<ComparedRow>(
        `select begun_at, provider_cursor, transaction_id, position from ${schema}.reconciliation`,
      )
      if (row === undefined) throw new Error(`${schema}.reconciliation has no row`)
      return comparedOf(row)
    },
    write: async ({ theirs, ours }) => {
      await ask(
        `update ${schema}.reconciliation
            set provider_cursor = $1, transaction_id = $2, position = $3, compared_at = clock_timestamp()`,
        [theirs ?? null, ours.transactionId, ours.position],
      )
    },
    unsettled: async (limit) => {
      const text = `select order_id from ${schema}.unsettled order by tried_at limit $1`
      return (await ask<{ order_id: string }>(text, [limit])).map((row) => row.order_id)
    },
    addUnsettled: async (orderId) => {
      const added = await ask(
        `insert into ${schema}.unsettled (order_id)
         select $1 where (select count(*) from ${schema}.unsettled) < ${MAX_UNSETTLED}
         on conflict (order_id) do update set tried_at = clock_timestamp() returning order_id`,
        [orderId],
      )
      if (added.length === 0) throw new Error(`${MAX_UNSETTLED} orders cannot be compared`)
    },
    settle: async (orderId) => {
      await ask(`delete from ${schema}.unsettled where order_id = $1`, [orderId])
    },
  }
}

function comparedOf(row: ComparedRow): Compared {
  const ours = { transactionId: BigInt(row.transaction_id), position: BigInt(row.position) }
  return { begunAt: row.begun_at, theirs: row.provider_cursor ?? undefined, ours }
}
