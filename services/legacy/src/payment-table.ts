import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'

/** States in which the worker has something to do at the provider. */
export type DueState = 'authorise-due' | 'capture-due' | 'return-due'

export type PaymentState = DueState | 'declined' | 'authorised' | 'captured' | 'voided' | 'refunded'

/** A payment that a worker has claimed. */
export type DuePayment = {
  readonly orderId: string
  readonly state: DueState
  readonly paymentId: string | null
  readonly method: string
  readonly currency: string
  readonly amountMinor: bigint
  /** How often it was claimed in this state, this time included. */
  readonly attempts: number
}

type PaymentRow = {
  readonly order_id: string
  readonly state: DueState
  readonly payment_id: string | null
  readonly method: string
  readonly currency: string
  readonly amount_minor: string
  readonly attempts: number
}

export async function insertPayment(
  client: pg.ClientBase,
  payment: Pick<DuePayment, 'orderId' | 'method' | 'currency' | 'amountMinor'>,
): Promise<void> {
  await client.query({
    name: 'insert-payment',
    text: `insert into legacy.payments (order_id, state, method, currency, amount_minor)
           values ($1, 'authorise-due', $2, $3, $4)`,
    values: [payment.orderId, payment.method, payment.currency, payment.amountMinor],
  })
}

/**
 * Claims payments that are due, the longest waiting first, for the time of a lease: no other worker gets them meanwhile, and
 * after it they are due again, so what a dead worker had claimed is done by another.
 *
 * @throws StoreUnavailableError
 */
export async function claimDue(
  pool: pg.Pool,
  limit: number,
  leaseMs: number,
): Promise<readonly DuePayment[]> {
  try {
    const { rows } = await pool.query<PaymentRow>({
      name: 'claim-due-payments',
      text: `update legacy.payments
                set attempts = attempts + 1, not_before = clock_timestamp() + $2 * interval '1 millisecond'
              where order_id in (select order_id from legacy.payments
                                  where state in ('authorise-due', 'capture-due', 'return-due')
                                    and not_before <= clock_timestamp()
                                  order by not_before limit $1 for update skip locked)
          returning order_id, state, payment_id, method, currency, amount_minor, attempts`,
      values: [limit, leaseMs],
    })
    return rows.map((row) => ({
      orderId: row.order_id,
      state: row.state,
      paymentId: row.payment_id,
      method: row.method,
      currency: row.currency,
      amountMinor: BigInt(row.amount_minor),
      attempts: row.attempts,
    }))
  } catch (error) {
    throw unavailable(error)
  }
}

/** Whether the payment was in that state; nothing is written otherwise. A state that is due is due at once. */
export async function setPayment(
  client: pg.ClientBase,
  orderId: string,
  { from, to, paymentId }: PaymentStep,
): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'set-payment',
    text: `update legacy.payments
              set state = $3, payment_id = coalesce($4, payment_id), attempts = 0, not_before = clock_timestamp()
            where order_id = $1 and state = $2`,
    values: [orderId, from, to, paymentId ?? null],
  })
  return rowCount === 1
}

export type PaymentStep = {
  readonly from: PaymentState
  readonly to: PaymentState
  readonly paymentId?: string
}

/** Ends a payment of which nobody has asked the provider yet. Returns whether there was one. */
export async function dropUntried(client: pg.ClientBase, orderId: string): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'drop-untried-payment',
    text: `update legacy.payments set state = 'voided'
            where order_id = $1 and state = 'authorise-due' and attempts = 0`,
    values: [orderId],
  })
  return rowCount === 1
}

/** Has a claimed payment wait before its next attempt. @throws StoreUnavailableError */
export async function postpone(
  pool: pg.Pool,
  { orderId, state }: Pick<DuePayment, 'orderId' | 'state'>,
  pauseMs: number,
): Promise<void> {
  try {
    await pool.query({
      name: 'postpone-payment',
      text: `update legacy.payments set not_before = clock_timestamp() + $3 * interval '1 millisecond'
              where order_id = $1 and state = $2`,
      values: [orderId, state, pauseMs],
    })
  } catch (error) {
    throw unavailable(error)
  }
}

/** How many payments are due, claimed ones included. @throws StoreUnavailableError */
export async function countDue(pool: pg.Pool): Promise<number> {
  try {
    const { rows } = await pool.query<{ due: number }>({
      name: 'count-due-payments',
      text: `select count(*)::integer as due from legacy.payments
              where state in ('authorise-due', 'capture-due', 'return-due')`,
    })
    return rows[0]?.due ?? 0
  } catch (error) {
    throw unavailable(error)
  }
}
