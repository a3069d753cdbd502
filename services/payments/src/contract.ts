import type { PaymentEvent as Envelope } from '@tenseams/contracts/generated/payments.payment.v1'
import type { Stamp } from '@tenseams/event-store/aggregate'
import type { PaymentEvent } from './domain/payment.ts'

/** The topic that this team owns, and the one that it reads. */
export const PAYMENTS_TOPIC = 'payments.payment.v1'
export const ORDERS_TOPIC = 'orders.order.v1'

const noBranch = { captured: null, declined: null }

/** A decided event as the contract says it. The compiler holds the domain's types to the contract's here. */
export function envelopeOf(event: PaymentEvent, stamp: Stamp): Envelope {
  const envelope = { ...stamp, ...noBranch, type: event.type }
  switch (event.type) {
    case 'PaymentCaptured':
      return { ...envelope, captured: event.data }
    case 'PaymentDeclined':
      return { ...envelope, declined: event.data }
  }
}

/** The way back; undefined for a type that is newer than this service. */
export function eventOf(envelope: Envelope): PaymentEvent | undefined {
  if (envelope.captured !== null) return { type: 'PaymentCaptured', data: envelope.captured }
  if (envelope.declined !== null) return { type: 'PaymentDeclined', data: envelope.declined }
  return undefined
}
