import type pg from 'pg'
import type { OperationKind } from './domain/payment.ts'
import type { Known, NewOperation, Recorded } from './ledger-plan.ts'

export type NewPayment = {
  readonly reference: string
  readonly amountMinor: bigint
  readonly currency: string
  readonly method: string
}

type OperationRow = {
  readonly operation_id: string
  readonly payment_id: string
  readonly request_hash: Buffer
  readonly kind: OperationKind
  readonly amount_minor: string
  readonly reason: string | null
  readonly idempotency_key: string
}

type Database = Pick<pg.Pool | pg.PoolClient, 'query'>

const COLUMNS =
  'operation_id, payment_id, request_hash, kind, amount_minor, reason, idempotency_key'
const ARRAYS =
  '$1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::bigint[], $6::text[], $7::text[]'

type ByKey = Known['byKey']

/**
 * Inserts the payments whose keys are new, each with its first operation. Keys are taken in one order, against deadlocks.
 *
 * @returns what every key has done, now or before.
 */
export async function insertPayments(
  database: Database,
  asked: readonly { readonly payment: NewPayment; readonly operation: NewOperation }[],
): Promise<ByKey> {
  const payments = asked.map(({ payment }) => payment)
  const operations = asked.map(({ operation }) => operation)
  const { rows } = await database.query<OperationRow>({
    name: 'insert-payments',
    text: `with asked as (
       select * from unnest(${ARRAYS}, $8::text[], $9::text[], $10::text[])
           as a(${COLUMNS}, reference, method, currency)),
     done as (
       insert into operations (${COLUMNS}) select ${COLUMNS} from asked order by idempotency_key
       on conflict (idempotency_key) do nothing returning ${COLUMNS}),
     begun as (
       insert into payments (payment_id, reference, method, currency, amount_minor)
       select payment_id, a.reference, a.method, a.currency, a.amount_minor from asked a join done using (payment_id))
     select * from done`,
    values: [
      ...valuesOf(operations),
      payments.map(({ reference }) => reference),
      payments.map(({ method }) => method),
      payments.map(({ currency }) => currency),
    ],
  })
  return withEarlier(database, operations, rows)
}

/**
 * Inserts the operations whose keys are new.
 *
 * @returns what every key has done, now or before.
 */
export async function insertOperations(
  database: Database,
  operations: readonly NewOperation[],
): Promise<ByKey> {
  const { rows } = await database.query<OperationRow>({
    name: 'insert-operations',
    text: `insert into operations (${COLUMNS})
           select ${COLUMNS} from unnest(${ARRAYS}) as a(${COLUMNS}) order by idempotency_key
           on conflict (idempotency_key) do nothing returning ${COLUMNS}`,
    values: valuesOf(operations),
  })
  return withEarlier(database, operations, rows)
}

/** Keys that were there already are read by a statement of their own, which sees those of a concurrent request that was first. */
async function withEarlier(
  database: Database,
  operations: readonly NewOperation[],
  inserted: readonly OperationRow[],
): Promise<ByKey> {
  const byKey = byKeyOf(inserted)
  const earlier = operations
    .map(({ idempotencyKey }) => idempotencyKey)
    .filter((key) => !byKey.has(key))
  return earlier.length === 0 ? byKey : new Map([...byKey, ...(await readKeys(database, earlier))])
}

/** Until the transaction ends. Locks are taken in one order, against deadlocks. */
export async function lockPayments(
  database: Database,
  paymentIds: readonly string[],
): Promise<void> {
  await database.query({
    name: 'lock-payments',
    text: `select pg_advisory_xact_lock(lock_key)
             from (select distinct hashtextextended(payment_id, 0) as lock_key
                     from unnest($1::text[]) as payment_id order by 1) as locks`,
    values: [paymentIds],
  })
}

/** What the keys did. */
export async function readKeys(database: Database, keys: readonly string[]): Promise<ByKey> {
  const { rows } = await database.query<OperationRow>({
    name: 'read-keys',
    text: `select ${COLUMNS} from operations where idempotency_key = any($1::text[])`,
    values: [keys],
  })
  return byKeyOf(rows)
}

function byKeyOf(rows: readonly OperationRow[]): ByKey {
  return new Map(rows.map((row) => [row.idempotency_key, recordedOf(row)]))
}

/** Payments with their operations, each found by index: `offset 0` keeps the planner from joining all of them. */
export async function readPaymentsOf(
  database: Database,
  paymentIds: readonly string[],
): Promise<Known['payments']> {
  const { rows } = await database.query<OperationRow & { readonly authorised_minor: string }>({
    name: 'read-payments',
    text: `select o.*, p.amount_minor as authorised_minor
             from payments p
            cross join lateral (
              select ${COLUMNS} from operations where payment_id = p.payment_id offset 0) o
            where p.payment_id = any($1::uuid[])`,
    values: [paymentIds],
  })
  const byPayment = Map.groupBy(rows, ({ payment_id }) => payment_id)
  return new Map(
    [...byPayment].map(([paymentId, those]) => [
      paymentId,
      { amountMinor: BigInt(those[0]?.authorised_minor ?? 0), operations: those.map(recordedOf) },
    ]),
  )
}

function valuesOf(operations: readonly NewOperation[]): unknown[] {
  return [
    operations.map(({ operationId }) => operationId),
    operations.map(({ paymentId }) => paymentId),
    operations.map(({ requestHash }) => requestHash),
    operations.map(({ kind }) => kind),
    operations.map(({ amountMinor }) => amountMinor),
    operations.map(({ reason }) => reason),
    operations.map(({ idempotencyKey }) => idempotencyKey),
  ]
}

function recordedOf(row: OperationRow): Recorded {
  return {
    operationId: row.operation_id,
    paymentId: row.payment_id,
    requestHash: row.request_hash,
    kind: row.kind,
    amountMinor: BigInt(row.amount_minor),
    reason: row.reason,
  }
}
