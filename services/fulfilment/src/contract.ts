import type { ShipmentEvent as Envelope } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { OrderFact, ShipmentEvent } from './domain/shipment.ts'

/** The topic that this team owns, and the one that it consumes. */
export const SHIPMENTS_TOPIC = 'fulfilment.shipment.v1'
export const ORDERS_TOPIC = 'orders.order.v1'

type EventMetadata = Pick<Envelope, 'eventId' | 'streamId' | 'occurredAt' | 'traceparent'>

/** A decided event in the form of the contract. Here the compiler checks the domain's types against the contract's. */
export function envelopeOf(event: ShipmentEvent, metadata: EventMetadata): Envelope {
  const envelope = { ...metadata, type: event.type, dispatched: null, recalled: null }
  switch (event.type) {
    case 'ShipmentDispatched':
      return { ...envelope, version: 1n, dispatched: event.data }
    case 'ShipmentRecalled':
      return { ...envelope, version: 2n, recalled: event.data }
  }
}

/** Undefined for what does not concern the warehouse: other events, ticks, barriers, types newer than this service. */
export function factOf(order: OrderEvent): OrderFact | undefined {
  if (order.confirmed !== null) return { type: 'OrderConfirmed', data: order.confirmed }
  if (order.cancelled !== null) return { type: 'OrderCancelled', data: order.cancelled }
  return undefined
}
