// What happens to orders, as far as it concerns the warehouse.

export type OrderFact =
  | { readonly type: 'OrderConfirmed'; readonly data: OrderConfirmed }
  | { readonly type: 'OrderCancelled'; readonly data: OrderCancelled }

export type OrderConfirmed = { readonly paymentId: string }

export type OrderCancelled = {
  readonly reason: string
  /** Null for an order that had not been confirmed. */
  readonly paymentId: string | null
}

// Events

export type ShipmentEvent =
  | { readonly type: 'ShipmentDispatched'; readonly data: ShipmentDispatched }
  | { readonly type: 'ShipmentRecalled'; readonly data: ShipmentRecalled }

export type ShipmentDispatched = { readonly shipmentId: string; readonly paymentId: string }
export type ShipmentRecalled = { readonly shipmentId: string; readonly reason: string }

/**
 * What the warehouse does about an order: a confirmed order is dispatched, and recalled when it is cancelled after that.
 * No state is needed: an order is confirmed at most once and cancelled at most once, in this order, and both events are in
 * one partition, so a recall comes after its dispatch.
 */
export function shipmentOf(fact: OrderFact, shipmentId: string): ShipmentEvent | undefined {
  if (fact.type === 'OrderConfirmed') {
    const { paymentId } = fact.data
    return { type: 'ShipmentDispatched', data: { shipmentId, paymentId } }
  }
  const { reason, paymentId } = fact.data
  return paymentId === null ? undefined : { type: 'ShipmentRecalled', data: { shipmentId, reason } }
}
