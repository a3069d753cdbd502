// Generated from contracts/events/orders.order.v1/2.avsc by `npm run contracts -- generate`. Do not edit.

export type OrderLine = {
  readonly sku: string
  readonly quantity: number
  /** For one piece, in minor units. */
  readonly priceMinor: bigint
}

export type OrderPlaced = {
  readonly customerId: string
  /** ISO 4217. */
  readonly currency: string
  /** Integer minor units of the currency. */
  readonly totalMinor: bigint
  readonly paymentMethod: string
  readonly lines: readonly OrderLine[]
}

export type OrderConfirmed = {
  /** The payment that made the order certain. */
  readonly paymentId: string
  readonly amountMinor: bigint
  readonly currency: string
}

export type OrderRejected = {
  /** A reason a client can act on. */
  readonly reason: string
}

export type OrderCancelled = {
  /** changed-mind, mistake, too-slow or other. */
  readonly reason: string
  /** The payment that had confirmed it; null when none had. */
  readonly paymentId: string | null
}

export type OrderCompleted = {
  /** The shipment that ended the order's life. */
  readonly shipmentId: string
}

/** The money of a cancelled order was taken, and is given back. */
export type OrderRefunded = {
  readonly paymentId: string
  readonly amountMinor: bigint
  readonly currency: string
}

/** The envelope of every record of orders.order.v1. At most one branch is set, the one whose record is named by `type`; a `tick` or a `barrier` sets none. */
export type OrderEvent = {
  /** UUID; consumers drop repeats by it. */
  readonly eventId: string
  /** The order id, also the record's key. */
  readonly streamId: string
  /** 1, 2, 3 … within the stream. */
  readonly version: bigint
  /** OrderPlaced, OrderConfirmed, OrderRejected, OrderCancelled, OrderCompleted, OrderRefunded, tick or barrier. */
  readonly type: string
  /** Event time. */
  readonly occurredAt: number
  /** W3C trace context. */
  readonly traceparent: string | null
  readonly placed: OrderPlaced | null
  readonly confirmed: OrderConfirmed | null
  readonly rejected: OrderRejected | null
  readonly cancelled: OrderCancelled | null
  readonly completed: OrderCompleted | null
  readonly refunded: OrderRefunded | null
}
