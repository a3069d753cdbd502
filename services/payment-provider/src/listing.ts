import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'
import { type OperationKind, statusOf } from './domain/payment.ts'

export type Change = {
  /** The cursor after it, for the next page. */
  readonly cursor: string
  readonly reference: string
  /** How long ago, by the ledger's clock. */
  readonly ageMs: number
}

export type ListedOperation = {
  readonly operationId: string
  readonly kind: OperationKind
  readonly amountMinor: number
  readonly ageMs: number
}

type ChangeRow = {
  readonly transaction_id: string
  readonly position: string
  readonly reference: string
  readonly age_ms: number
}

type PaymentRow = {
  readonly payment_id: string
  readonly reference: string
  readonly method: string
  readonly currency: string
  readonly amount_minor: string
  readonly operation_id: string
  readonly kind: OperationKind
  readonly operation_minor: string
  readonly age_ms: number
}

const AGE = '(extract(epoch from clock_timestamp() - o.recorded_at) * 1000)::float8 as age_ms'

/**
 * Operations after a cursor, in an order in which nothing is added before a reader's cursor: by transaction, then by
 * position, and only below the oldest transaction that still runs.
 */
export async function readChanges(
  pool: pg.Pool,
  page: {
    readonly after?: string | undefined
    readonly since?: string | undefined
    readonly limit: number
  },
): Promise<readonly Change[]> {
  const [transactionId, position] = (page.after ?? '0-0').split('-')
  try {
    const { rows } = await pool.query<ChangeRow>(
      `select o.transaction_id, o.position, p.reference, ${AGE}
         from operations o join payments p using (payment_id)
        where (o.transaction_id, o.position) > ($1::xid8, $2::bigint)
          and o.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
          and o.recorded_at >= $3::timestamptz
        order by o.transaction_id, o.position limit $4`,
      [transactionId, position, page.since ?? '-infinity', page.limit],
    )
    return rows.map((row) => ({
      cursor: `${row.transaction_id}-${row.position}`,
      reference: row.reference,
      ageMs: row.age_ms,
    }))
  } catch (error) {
    throw unavailable(error)
  }
}

export type Wanted =
  | { readonly references: readonly string[] }
  | { readonly paymentIds: readonly string[] }

/** Payments with all of their operations, in the order in which they were done. */
export async function readPayments(pool: pg.Pool, wanted: Wanted) {
  const [condition, values] =
    'references' in wanted
      ? ['p.reference = any($1::text[])', wanted.references]
      : ['p.payment_id = any($1::uuid[])', wanted.paymentIds]
  try {
    const { rows } = await pool.query<PaymentRow>(
      `select p.payment_id, p.reference, p.method, p.currency, p.amount_minor,
              o.operation_id, o.kind, o.amount_minor as operation_minor, ${AGE}
         from payments p join operations o using (payment_id) where ${condition} order by o.position`,
      [values],
    )
    return [...Map.groupBy(rows, (row) => row.payment_id).values()].flatMap(paymentOf)
  } catch (error) {
    throw unavailable(error)
  }
}

function paymentOf(rows: readonly PaymentRow[]) {
  const [first] = rows
  if (first === undefined) return []
  const done = rows.map(({ kind, operation_minor }) => ({
    kind,
    amountMinor: BigInt(operation_minor),
  }))
  const operations: readonly ListedOperation[] = rows.map((row) => ({
    operationId: row.operation_id,
    kind: row.kind,
    amountMinor: Number(row.operation_minor),
    ageMs: row.age_ms,
  }))
  return {
    paymentId: first.payment_id,
    reference: first.reference,
    method: first.method,
    currency: first.currency,
    amountMinor: Number(first.amount_minor),
    status: statusOf(done),
    operations,
  }
}
