import type { OrderPlaced } from '@tenseams/contracts/generated/orders.order.v1'
import type { Operated, Provider } from '@tenseams/provider/client'
import type { Payment, PaymentCommand, PaymentState, Surplus } from './domain/payment.ts'

/**
 * Moves money at the provider and returns the command that records it. Every key is made of the order and the operation,
 * so it is the same for each try, also after a crash. When the provider answers that the operation is already applied,
 * it was applied under this key, or under one that the provider has ignored.
 */

/** Holds the order's money, or is declined. */
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

/** Captures what is held. Undefined when it was voided or refunded meanwhile: whoever did that records it. */
export async function capture(
  provider: Provider,
  orderId: string,
  payment: Payment,
): Promise<PaymentCommand | undefined> {
  const operated = await provider.capture(keyOf(orderId, 'capture'), payment.paymentId)
  if (isAlreadyApplied(operated, 'payment-is-captured'))
    return { type: 'RecordCapture', data: payment }
  if (
    isAlreadyApplied(operated, 'payment-is-voided') ||
    isAlreadyApplied(operated, 'payment-is-refunded')
  )
    return undefined
  throw new MoveRefusedError('capture', orderId, operated)
}

/**
 * Returns a cancelled order's money: voids what is held, refunds what was captured. A shipment's capture may race with
 * this; the provider lets one of the two be first, and its answer decides. Undefined when there is no money to return.
 */
export async function cancel(
  provider: Provider,
  orderId: string,
  state: PaymentState,
): Promise<PaymentCommand | undefined> {
  switch (state.status) {
    case 'unknown':
      // Its OrderPlaced was dead-lettered, so nothing was recorded. A payment that the provider has is a surplus now.
      return { type: 'RecordDecline', data: { method: 'none', reason: 'order-cancelled' } }
    case 'authorised':
      return voidOrRefund(provider, orderId, state.payment)
    case 'captured':
      return refund(provider, orderId, state.payment)
    default:
      return undefined
  }
}

/** Voids what is held, or refunds it when it was captured meanwhile. */
export async function voidOrRefund(
  provider: Provider,
  orderId: string,
  payment: Payment,
): Promise<PaymentCommand> {
  const operated = await provider.void(keyOf(orderId, 'void'), payment.paymentId)
  if (isAlreadyApplied(operated, 'payment-is-voided')) return { type: 'RecordVoid', data: payment }
  return refund(provider, orderId, payment)
}

export async function refund(
  provider: Provider,
  orderId: string,
  payment: Payment,
): Promise<PaymentCommand> {
  const key = keyOf(orderId, 'refund')
  const operated = await provider.refund(key, payment.paymentId, payment.amountMinor)
  if (isAlreadyApplied(operated, 'payment-is-refunded'))
    return { type: 'RecordRefund', data: payment }
  throw new MoveRefusedError('refund', orderId, operated)
}

/**
 * Returns a surplus: the money of another payment, or of a second capture. The key contains the id of the operation that
 * was too much, so each such operation is returned once.
 */
export async function returnSurplus(
  provider: Provider,
  orderId: string,
  { operationId, paymentId, amountMinor, outcome }: Surplus,
): Promise<void> {
  const key = keyOf(orderId, `return/${operationId}`)
  const operated =
    outcome === 'voided'
      ? await provider.void(key, paymentId)
      : await provider.refund(key, paymentId, amountMinor)
  if (isAlreadyApplied(operated, `payment-is-${outcome}`)) return
  throw new MoveRefusedError('return of a surplus', orderId, operated)
}

/** The provider's state contradicts ours. One may be about to follow the other: after ten tries the record is dead-lettered. */
export class MoveRefusedError extends Error {
  readonly code: string

  constructor(move: string, orderId: string, operated: Operated) {
    const refusal = operated.kind === 'refused' ? operated.refusal : operated.answer.outcome
    super(`${move} of the payment of order ${orderId}: ${refusal}`)
    this.code = refusal
  }
}

const keyOf = (orderId: string, operation: string): string => `${orderId}/${operation}`

/** Done now or before. An earlier try of the same key is answered with `done` as well. */
function isAlreadyApplied(operated: Operated, refusal: string): boolean {
  if (operated.kind === 'refused') return operated.refusal === refusal
  return refusal === `payment-is-${operated.answer.outcome}`
}
