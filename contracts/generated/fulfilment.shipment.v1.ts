// Generated from contracts/events/fulfilment.shipment.v1/1.proto by `npm run contracts -- generate`. Do not edit.

/** The order has left the house. */
export type ShipmentDispatched = {
  readonly shipmentId: string
  /** The provider's reference of the payment that is now to be captured. */
  readonly paymentId: string
}

/** The order was cancelled after its confirmation: what was dispatched comes back. */
export type ShipmentRecalled = {
  readonly shipmentId: string
  /** The reason of the cancellation. */
  readonly reason: string
}

/** The envelope of every record of fulfilment.shipment.v1, and the first message of the file, as the message index 0x00 on the wire says. At most one branch is set, the one whose message is named by `type`. */
export type ShipmentEvent = {
  /** UUIDv5 of the order event that caused it; consumers drop repeats by it. */
  readonly eventId: string
  /** The id of the order that is shipped, also the record's key: one shipment stream an order. */
  readonly streamId: string
  /** 1 dispatched, 2 recalled. */
  readonly version: bigint
  /** ShipmentDispatched or ShipmentRecalled. */
  readonly type: string
  /** Event time: milliseconds since 1970 in UTC. */
  readonly occurredAt: bigint
  /** W3C trace context. */
  readonly traceparent: string | null
  readonly dispatched: ShipmentDispatched | null
  readonly recalled: ShipmentRecalled | null
}
