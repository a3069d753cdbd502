import type { OrderEvent as Envelope } from '@tenseams/contracts/generated/orders.order.v1'
import type { EventMetadata } from '@tenseams/event-store/aggregate'
import type { OrderEvent } from './domain/order.ts'

/** The topic that this team owns, and those that it consumes. */
export const ORDERS_TOPIC = 'orders.order.v1'
export const PAYMENTS_TOPIC = 'payments.payment.v1'
export const SHIPMENTS_TOPIC = 'fulfilment.shipment.v1'

const noBranch = {
  placed: null,
  confirmed: null,
  rejected: null,
  cancelled: null,
  completed: null,
  refunded: null,
}

/** A decided event in the form of the contract. Here the compiler checks the domain's types against the contract's. */
export function envelopeOf(event: OrderEvent, metadata: EventMetadata): Envelope {
  const envelope = { ...metadata, ...noBranch, type: event.type }
  switch (event.type) {
    case 'OrderPlaced':
      return { ...envelope, placed: event.data }
    case 'OrderConfirmed':
      return { ...envelope, confirmed: event.data }
    case 'OrderRejected':
      return { ...envelope, rejected: event.data }
    case 'OrderCancelled':
      return { ...envelope, cancelled: event.data }
    case 'OrderCompleted':
      return { ...envelope, completed: event.data }
    case 'OrderRefunded':
      return { ...envelope, refunded: event.data }
  }
}

/** The reverse; undefined for a type that is newer than this service. */
export function eventOf(envelope: Envelope): OrderEvent | undefined {
  if (envelope.placed !== null) return { type: 'OrderPlaced', data: envelope.placed }
  if (envelope.confirmed !== null) return { type: 'OrderConfirmed', data: envelope.confirmed }
  if (envelope.rejected !== null) return { type: 'OrderRejected', data: envelope.rejected }
  if (envelope.cancelled !== null) return { type: 'OrderCancelled', data: envelope.cancelled }
  if (envelope.completed !== null) return { type: 'OrderCompleted', data: envelope.completed }
  if (envelope.refunded !== null) return { type: 'OrderRefunded', data: envelope.refunded }
  return undefined
}
