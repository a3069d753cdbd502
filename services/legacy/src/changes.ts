import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'
import { type Order, type OrderRow, orderColumns, orderOf } from './order-table.ts'

/** Where a reader of changes stands: a time of `updated_at`, to the microsecond, and the order there. */
export type ChangeCursor = { readonly updatedAt: string; readonly orderId: string }

export type ChangedOrder = { readonly order: Order; readonly cursor: ChangeCursor }

const FIRST_ORDER = '00000000-0000-0000-0000-000000000000'

export const changesStart: ChangeCursor = {
  updatedAt: '1970-01-01T00:00:00.000000Z',
  orderId: FIRST_ORDER,
}

const FORM =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z)(?:_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?$/

/** Reads what `cursorText` wrote, or a time alone: everything from then on. Undefined for anything else. */
export function cursorIn(text: string): ChangeCursor | undefined {
  const [, updatedAt, orderId = FIRST_ORDER] = FORM.exec(text) ?? []
  if (updatedAt === undefined || Number.isNaN(Date.parse(updatedAt))) return undefined
  return { updatedAt, orderId }
}

export function cursorText({ updatedAt, orderId }: ChangeCursor): string {
  return `${updatedAt}_${orderId}`
}

type ChangedRow = OrderRow & { readonly at: string }

/**
 * Orders that were changed after a cursor, in the order of `updated_at`, each as it is now.
 *
 * It is as good as reading a table's rows by their time can be, and it is no log. An order that was changed twice between two
 * polls is seen once. A row is passed over for good when it becomes visible with a time that the reader has passed: because
 * its transaction took longer than others, or because its writer's clock is behind.
 *
 * @throws StoreUnavailableError
 */
export async function readChanges(
  pool: pg.Pool,
  { updatedAt, orderId }: ChangeCursor,
  limit: number,
): Promise<readonly ChangedOrder[]> {
  try {
    const { rows } = await pool.query<ChangedRow>({
      name: 'read-changes',
      text: `select ${orderColumns}, to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
               from legacy.orders where (updated_at, order_id) > ($1::timestamptz, $2::uuid)
              order by updated_at, order_id limit $3`,
      values: [updatedAt, orderId, limit],
    })
    return rows.map((row) => ({
      order: orderOf(row),
      cursor: { updatedAt: row.at, orderId: row.order_id },
    }))
  } catch (error) {
    throw unavailable(error)
  }
}
