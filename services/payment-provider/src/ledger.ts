import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'

export type Charge = {
  readonly reference: string
  readonly amountMinor: number
  readonly currency: string
  readonly method: string
}

/** What was done for an idempotency key, the first time it came. */
export type Recorded = {
  readonly paymentId: string
  readonly requestHash: Buffer
  readonly outcome: 'captured' | 'declined'
  readonly reason: string | null
}

export type NewCharge = Recorded & { readonly idempotencyKey: string; readonly charge: Charge }

type ChargeRow = {
  readonly payment_id: string
  readonly request_hash: Buffer
  readonly outcome: 'captured' | 'declined'
  readonly reason: string | null
}

/**
 * Records a charge unless its key is there already, and returns what the ledger says of the key. Two requests with
 * one key at the same time: the second waits for the first and sees its row.
 */
export async function recordCharge(pool: pg.Pool, fresh: NewCharge): Promise<Recorded> {
  const { charge } = fresh
  try {
    await pool.query(
      `insert into charges (payment_id, idempotency_key, request_hash, reference, amount_minor, currency, method, outcome, reason)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (idempotency_key) do nothing`,
      [
        fresh.paymentId,
        fresh.idempotencyKey,
        fresh.requestHash,
        charge.reference,
        charge.amountMinor,
        charge.currency,
        charge.method,
        fresh.outcome,
        fresh.reason,
      ],
    )
    const { rows } = await pool.query<ChargeRow>(
      'select payment_id, request_hash, outcome, reason from charges where idempotency_key = $1',
      [fresh.idempotencyKey],
    )
    const row = rows[0]
    if (row === undefined) throw new Error(`charge ${fresh.idempotencyKey} is missing`)
    const { payment_id: paymentId, request_hash: requestHash, outcome, reason } = row
    return { paymentId, requestHash, outcome, reason }
  } catch (error) {
    throw unavailable(error)
  }
}
