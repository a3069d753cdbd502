// Generated from contracts/events/payments.payment.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

export type PaymentCaptured = {
  /** The provider's reference. */
  readonly paymentId: string
  readonly method: string
  /** Integer minor units of the currency. */
  readonly amountMinor: bigint
  /** ISO 4217. */
  readonly currency: string
}

export type PaymentDeclined = {
  readonly method: string
  /** As the provider gave it. */
  readonly reason: string
}

/** The envelope of every record of payments.payment.v1. At most one branch is set, the one whose record is named by `type`; a `tick` or a `barrier` sets none. */
export type PaymentEvent = {
  /** UUID; consumers drop repeats by it. */
  readonly eventId: string
  /** The id of the order that is paid, also the record's key: one payment stream an order. */
  readonly streamId: string
  /** 1, 2, 3 … within the stream. */
  readonly version: bigint
  /** PaymentCaptured, PaymentDeclined, tick or barrier. */
  readonly type: string
  /** Event time. */
  readonly occurredAt: number
  /** W3C trace context. */
  readonly traceparent: string | null
  readonly captured: PaymentCaptured | null
  readonly declined: PaymentDeclined | null
}
