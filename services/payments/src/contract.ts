import type { PaymentEvent as Envelope } from '@tenseams/contracts/generated/payments.payment.v1'
import type { EventMetadata } from '@tenseams/event-store/aggregate'
import type { PaymentEvent } from './domain/payment.ts'

/** The topic that this team owns, and those that it consumes. */
export const PAYMENTS_TOPIC = 'payments.payment.v1'
export const ORDERS_TOPIC = 'orders.order.v1'
export const SHIPMENTS_TOPIC = 'fulfilment.shipment.v1'

const noBranch = {
  authorised: null,
  declined: null,
  captured: null,
  voided: null,
  refunded: null,
  returned: null,
}

/** A decided event in the form of the contract. Here the compiler checks the domain's types against the contract's. */
export function envelopeOf(event: PaymentEvent, metadata: EventMetadata): Envelope {
  const envelope = { ...metadata, ...noBranch, type: event.type }
  switch (event.type) {
    case 'PaymentAuthorised':
      return { ...envelope, authorised: event.data }
    case 'PaymentDeclined':
      return { ...envelope, declined: event.data }
    case 'PaymentCaptured':
      return { ...envelope, captured: event.data }
    case 'PaymentVoided':
      return { ...envelope, voided: event.data }
    case 'PaymentRefunded':
      return { ...envelope, refunded: event.data }
    case 'SurplusReturned':
      return { ...envelope, returned: event.data }
  }
}

/** The reverse; undefined for a type that is newer than this service. */
export function eventOf(envelope: Envelope): PaymentEvent | undefined {
  const { authorised, declined, captured, voided, refunded, returned } = envelope
  if (authorised !== null) return { type: 'PaymentAuthorised', data: authorised }
  if (declined !== null) return { type: 'PaymentDeclined', data: declined }
  if (captured !== null) return { type: 'PaymentCaptured', data: captured }
  if (voided !== null) return { type: 'PaymentVoided', data: voided }
  if (refunded !== null) return { type: 'PaymentRefunded', data: refunded }
  if (returned !== null) return { type: 'SurplusReturned', data: returned }
  return undefined
}
