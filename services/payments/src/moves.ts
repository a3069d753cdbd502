import type { OrderPlaced } from '@tenseams/contracts/generated/orders.order.v1'
import type { Payment, PaymentCommand, PaymentState, Surplus } from './domain/payment.ts'
import type { Operated, Provider } from './provider.ts'

/**
 * Moves money at the provider and says what is to be recorded of it. Every key is of the order and the operation, so it
 * is the same for each try, today's and that after a crash; and where the provider says that a payment is already what
 * it was to become, it was this key, or one that it has ignored.
 */

/** It holds the order's money, or is declined. */
export async function authorise(
  provider: Provider,
  orderId: string,
  { totalMinor: amountMinor, currency, paymentMethod: method }: OrderPlaced,
): Promise<PaymentCommand> {
  const charge = { reference: orderId, amountMinor, currency, method }
  const { outcome, paymentId, reason } = await provider.authorise(
    keyOf(orderId, 'authorise'),
    charge,
  )
  if (outcome === 'declined') {
    return { type: 'RecordDecline', data: { method, reason: reason ?? 'not said' } }
  }
  return { type: 'RecordAuthorisation', data: { paymentId, method, amountMinor, currency } }
}

/** It takes what is held. Undefined when it was freed or given back meanwhile: who did that records it. */
export async function capture(
  provider: Provider,
  orderId: string,
  payment: Payment,
): Promise<PaymentCommand | undefined> {
  const operated = await provider.capture(keyOf(orderId, 'capture'), payment.paymentId)
  if (isSo(operated, 'payment-is-captured')) return { type: 'RecordCapture', data: payment }
  if (isSo(operated, 'payment-is-voided') || isSo(operated, 'payment-is-refunded')) return undefined
  throw new MoveRefusedError('capture', orderId, operated)
}

/**
 * It gives back what a cancelled order has paid: frees what is held, refunds what was captured. A shipment's capture may
 * come in between; the provider lets one of the two be first, and what it says then is what counts. Undefined when there
 * is nothing to give back.
 */
export async function giveBack(
  provider: Provider,
  orderId: string,
  state: PaymentState,
): Promise<PaymentCommand | undefined> {
  switch (state.status) {
    case 'unknown':
      // Its placing was given up, so nothing was recorded; should the provider know a payment, that is a surplus now.
      return { type: 'RecordDecline', data: { method: 'none', reason: 'order-cancelled' } }
    case 'authorised':
      return release(provider, orderId, state.payment)
    case 'captured':
      return refund(provider, orderId, state.payment)
    default:
      return undefined
  }
}

/** It frees what is held, or refunds it when it was captured meanwhile. */
export async function release(
  provider: Provider,
  orderId: string,
  payment: Payment,
): Promise<PaymentCommand> {
  const operated = await provider.void(keyOf(orderId, 'void'), payment.paymentId)
  if (isSo(operated, 'payment-is-voided')) return { type: 'RecordVoid', data: payment }
  return refund(provider, orderId, payment)
}

export async function refund(
  provider: Provider,
  orderId: string,
  payment: Payment,
): Promise<PaymentCommand> {
  const key = keyOf(orderId, 'refund')
  const operated = await provider.refund(key, payment.paymentId, payment.amountMinor)
  if (isSo(operated, 'payment-is-refunded')) return { type: 'RecordRefund', data: payment }
  throw new MoveRefusedError('refund', orderId, operated)
}

/**
 * Gives back what was too much: of another payment, or of a second capture. What it did too much names the key, so one
 * such operation is given back once.
 */
export async function giveSurplusBack(
  provider: Provider,
  orderId: string,
  { operationId, paymentId, amountMinor, outcome }: Surplus,
): Promise<void> {
  const key = keyOf(orderId, `return/${operationId}`)
  const operated =
    outcome === 'voided'
      ? await provider.void(key, paymentId)
      : await provider.refund(key, paymentId, amountMinor)
  if (isSo(operated, `payment-is-${outcome}`)) return
  throw new MoveRefusedError('return of a surplus', orderId, operated)
}

/** The provider's state and ours contradict each other. It may be that one is about to follow: ten tries, then a person. */
export class MoveRefusedError extends Error {
  readonly code: string

  constructor(move: string, orderId: string, operated: Operated) {
    const refusal = operated.kind === 'refused' ? operated.refusal : operated.answer.outcome
    super(`${move} of the payment of order ${orderId}: ${refusal}`)
    this.code = refusal
  }
}

const keyOf = (orderId: string, operation: string): string => `${orderId}/${operation}`

/** Done now or before. What was done by an earlier try of this key is `done`, too. */
function isSo(operated: Operated, refusal: string): boolean {
  if (operated.kind === 'refused') return operated.refusal === refusal
  return refusal === `payment-is-${operated.answer.outcome}`
}
