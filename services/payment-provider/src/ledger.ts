import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'
import type { Judgement, Operation, OperationKind } from './domain/payment.ts'

export type NewPayment = {
  readonly reference: string
  readonly amountMinor: bigint
  readonly currency: string
  readonly method: string
}

/** What was done for an Idempotency-Key the first time. */
export type Recorded = {
  readonly operationId: string
  readonly paymentId: string
  readonly requestHash: Buffer
  readonly kind: OperationKind
  readonly amountMinor: bigint
  readonly reason: string | null
}

export type NewOperation = Recorded & { readonly idempotencyKey: string }

type OperationRow = {
  readonly operation_id: string
  readonly payment_id: string
  readonly request_hash: Buffer
  readonly kind: OperationKind
  readonly amount_minor: string
  readonly reason: string | null
}

const COLUMNS = 'operation_id, payment_id, request_hash, kind, amount_minor, reason'

/**
 * Inserts a payment unless its key exists already, and returns the ledger's row of the key. Of two concurrent requests
 * with one key the second waits for the first and sees its row.
 */
export async function beginPayment(
  pool: pg.Pool,
  payment: NewPayment,
  operation: NewOperation,
): Promise<Recorded> {
  try {
    await pool.query(
      `with done as (
         insert into operations (operation_id, payment_id, request_hash, kind, amount_minor, reason, idempotency_key)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (idempotency_key) do nothing returning payment_id)
       insert into payments (payment_id, reference, method, currency, amount_minor)
       select payment_id, $8, $9, $10, $5 from done`,
      [...valuesOf(operation), payment.reference, payment.method, payment.currency],
    )
    const recorded = await findByKey(pool, operation.idempotencyKey)
    if (recorded === undefined) throw new Error(`key ${operation.idempotencyKey} is missing`)
    return recorded
  } catch (error) {
    throw unavailable(error)
  }
}

export type Operating = {
  readonly paymentId: string
  readonly idempotencyKey: string
  /** Decides on the operations so far; a lock keeps them from changing meanwhile. */
  readonly judge: (operations: readonly Operation[], amountMinor: bigint) => Judgement
  readonly make: (kind: OperationKind, amountMinor: bigint) => NewOperation
}

export type Operated =
  | { readonly kind: 'recorded'; readonly recorded: Recorded }
  | { readonly kind: 'refused'; readonly refusal: string }
  | { readonly kind: 'unknown' }

/**
 * Adds an operation to a payment, or returns what its key did the first time. Operations of one payment run one after
 * another, so the decision is made on what is committed.
 */
export async function operate(pool: pg.Pool, operating: Operating): Promise<Operated> {
  try {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await client.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
        operating.paymentId,
      ])
      const operated = await operateAlone(client, operating)
      await client.query('commit')
      client.release()
      return operated
    } catch (error) {
      // The transaction's outcome is unknown; closing the connection rolls back what was not committed.
      client.release(true)
      throw error
    }
  } catch (error) {
    throw unavailable(error)
  }
}

async function operateAlone(
  client: pg.PoolClient,
  { paymentId, idempotencyKey, judge, make }: Operating,
): Promise<Operated> {
  const repeated = await findByKey(client, idempotencyKey)
  if (repeated !== undefined) return { kind: 'recorded', recorded: repeated }
  const { rows } = await client.query<OperationRow & { readonly authorised_minor: string }>(
    `select o.${COLUMNS.replaceAll(', ', ', o.')}, p.amount_minor as authorised_minor
       from payments p join operations o using (payment_id) where payment_id = $1`,
    [paymentId],
  )
  const [first] = rows
  if (first === undefined) return { kind: 'unknown' }
  const amountMinor = BigInt(first.authorised_minor)
  const judgement = judge(rows.map(recordedOf), amountMinor)
  if (judgement.kind === 'refused') return judgement
  const operation = make(judgement.operation, amountMinor)
  await client.query(
    `insert into operations (operation_id, payment_id, request_hash, kind, amount_minor, reason, idempotency_key)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (idempotency_key) do nothing`,
    valuesOf(operation),
  )
  const recorded = await findByKey(client, operation.idempotencyKey)
  if (recorded === undefined) throw new Error(`key ${operation.idempotencyKey} is missing`)
  return { kind: 'recorded', recorded }
}

async function findByKey(
  database: pg.Pool | pg.PoolClient,
  idempotencyKey: string,
): Promise<Recorded | undefined> {
  const { rows } = await database.query<OperationRow>(
    `select ${COLUMNS} from operations where idempotency_key = $1`,
    [idempotencyKey],
  )
  return rows[0] === undefined ? undefined : recordedOf(rows[0])
}

function valuesOf(operation: NewOperation): unknown[] {
  const { operationId, paymentId, requestHash, kind, amountMinor, reason } = operation
  return [operationId, paymentId, requestHash, kind, amountMinor, reason, operation.idempotencyKey]
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
