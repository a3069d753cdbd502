import type { Operated, Provider } from '@tenseams/provider/client'
import { backoffMs } from '@tenseams/service/backoff'
import { Periodic } from '@tenseams/service/periodic'
import type { Log } from '@tenseams/telemetry/log'
import type pg from 'pg'
import type { WorkerMetrics } from './metrics.ts'
import type { Orders } from './orders.ts'
import {
  claimDue,
  type DuePayment,
  type PaymentStep,
  postpone,
  setPayment,
} from './payment-table.ts'
import { inTransaction } from './transaction.ts'

export type PaymentWorkerOptions = {
  readonly pool: pg.Pool
  readonly orders: Orders
  readonly provider: Provider
  readonly pollIntervalMs: number
  readonly metrics: WorkerMetrics
  readonly log: Log
}

/** As many as the provider's bulkhead has under way at once. */
const BATCH = 16
/** Longer than all tries of one call and their pauses, so that no two workers call for one payment at a time. */
const LEASE_MS = 60_000
const BACKOFF = { firstMs: 1_000, longestMs: 60_000 } as const

/**
 * Moves money: polls for payments that are due, calls the provider, and then writes what it answered, with the order's row, in
 * one transaction. The call is outside of it. A worker that dies in between leaves a lease that ends, and the next attempt has
 * the same Idempotency-Key, so the provider answers it with what it did the first time.
 */
export class PaymentWorker {
  readonly #options: PaymentWorkerOptions
  readonly #rounds: Periodic<number>

  constructor(options: PaymentWorkerOptions) {
    this.#options = options
    this.#rounds = new Periodic({
      work: () => this.round(),
      // A full batch says that more are due.
      pauseMs: (round) =>
        round.kind === 'done' && round.result === BATCH ? 0 : options.pollIntervalMs,
      onError: (err) => options.log.warn({ err, what: 'payments' }, 'a poll has failed'),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** One poll. Returns how many payments were claimed. @throws StoreUnavailableError */
  async round(): Promise<number> {
    const { pool, metrics } = this.#options
    const due = await claimDue(pool, BATCH, LEASE_MS)
    metrics.polled('payments', due.length)
    await Promise.all(due.map((payment) => this.#handle(payment)))
    return due.length
  }

  async #handle(payment: DuePayment): Promise<void> {
    const { pool, log, metrics } = this.#options
    try {
      await this.#move(payment)
      metrics.moved(payment.state, 'done')
    } catch (err) {
      metrics.moved(payment.state, 'failed')
      const delayMs = backoffMs(payment.attempts, BACKOFF)
      const { orderId, attempts: attempt } = payment
      log.warn({ err, orderId, attempt, delayMs }, 'a payment waits')
      // When this fails, too, the lease ends by itself.
      await postpone(pool, payment, delayMs).catch((error: unknown) =>
        log.warn({ err: error, orderId }, 'a payment keeps its lease'),
      )
    }
  }

  #move(payment: DuePayment): Promise<void> {
    if (payment.state === 'authorise-due') return this.#authorise(payment)
    if (payment.paymentId === null) {
      throw new Error(`${payment.state} of order ${payment.orderId} names no payment`)
    }
    const known = { ...payment, paymentId: payment.paymentId }
    return payment.state === 'capture-due' ? this.#capture(known) : this.#return(known)
  }

  async #authorise({ orderId, amountMinor, currency, method }: DuePayment): Promise<void> {
    const { pool, orders, provider } = this.#options
    const charge = { reference: orderId, amountMinor, currency, method }
    const answer = await provider.authorise(`${orderId}/authorise`, charge)
    await inTransaction(pool, async (client) => {
      if (answer.outcome === 'declined') {
        const reason = answer.reason ?? 'not said'
        await setPayment(client, orderId, { from: 'authorise-due', to: 'declined' })
        await orders.move(client, orderId, 'reject', { reason })
        return
      }
      const { paymentId } = answer
      const confirmed = await orders.move(client, orderId, 'confirm', { paymentId })
      // Cancelled meanwhile: what is held now goes back.
      const to = confirmed === undefined ? 'return-due' : 'authorised'
      await setPayment(client, orderId, { from: 'authorise-due', to, paymentId })
    })
  }

  async #capture({ orderId, paymentId }: KnownPayment): Promise<void> {
    const { provider } = this.#options
    const operated = await provider.capture(`${orderId}/capture`, paymentId)
    if (!isApplied(operated, 'captured')) throw new MoveRefusedError('capture', orderId, operated)
    await this.#record(orderId, { from: 'capture-due', to: 'captured' })
  }

  /**
   * Voids what is held: only a completed order is captured, and that is never cancelled. An order that was cancelled before it
   * was confirmed has no money that could be refunded, as far as its customer knows.
   */
  async #return({ orderId, paymentId, amountMinor }: KnownPayment): Promise<void> {
    const { pool, orders, provider } = this.#options
    const operated = await provider.void(`${orderId}/void`, paymentId)
    if (!isApplied(operated, 'voided')) throw new MoveRefusedError('void', orderId, operated)
    await inTransaction(pool, async (client) => {
      await setPayment(client, orderId, { from: 'return-due', to: 'voided' })
      await orders.move(client, orderId, 'refund', {
        ...{ refundedMinor: amountMinor, ofPayment: paymentId },
      })
    })
  }

  #record(orderId: string, step: PaymentStep): Promise<boolean> {
    return inTransaction(this.#options.pool, (client) => setPayment(client, orderId, step))
  }
}

type KnownPayment = DuePayment & { readonly paymentId: string }

/** The provider's books contradict ours. It is tried again, ever more rarely, until a person has looked at it. */
class MoveRefusedError extends Error {
  readonly code: string

  constructor(move: string, orderId: string, operated: Operated) {
    const refusal = operated.kind === 'refused' ? operated.refusal : operated.answer.outcome
    super(`${move} of the payment of order ${orderId}: ${refusal}`)
    this.code = refusal
  }
}

/** Done now or before. An earlier try of the same key is answered with `done` as well. */
function isApplied(operated: Operated, outcome: string): boolean {
  if (operated.kind === 'refused') return operated.refusal === `payment-is-${outcome}`
  return operated.answer.outcome === outcome
}
