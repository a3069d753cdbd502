// Generated from contracts/events/payments.payment.v1/2.avsc by `npm run contracts -- generate`. Do not edit.

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
  /** As the provider gave it; order-cancelled when the order was cancelled before the provider was asked. */
  readonly reason: string
}

/** The money is held at the provider: it can be captured or voided. */
export type PaymentAuthorised = {
  /** The provider's reference. */
  readonly paymentId: string
  readonly method: string
  /** Integer minor units of the currency. */
  readonly amountMinor: bigint
  /** ISO 4217. */
  readonly currency: string
}

/** The money was held, and is free again. */
export type PaymentVoided = {
  /** The provider's reference. */
  readonly paymentId: string
  readonly method: string
  /** Integer minor units of the currency. */
  readonly amountMinor: bigint
  /** ISO 4217. */
  readonly currency: string
}

/** The money was captured, and is given back. */
export type PaymentRefunded = {
  /** The provider's reference. */
  readonly paymentId: string
  readonly method: string
  /** Integer minor units of the currency. */
  readonly amountMinor: bigint
  /** ISO 4217. */
  readonly currency: string
}

/** The provider had taken money once more than the order is worth, and it is given back. */
export type SurplusReturned = {
  /** What the provider had done too much; once given back, never again. */
  readonly operationId: string
  /** The provider's reference. */
  readonly paymentId: string
  /** voided when the money was only held, refunded when it was captured. */
  readonly outcome: string
  readonly method: string
  /** Integer minor units of the currency. */
  readonly amountMinor: bigint
  /** ISO 4217. */
  readonly currency: string
}

/** The envelope of every record of payments.payment.v1. At most one branch is set, the one whose record is named by `type`; a `tick` or a `barrier` sets none. */
export type PaymentEvent = {
  /** UUID; consumers drop repeats by it. */
  readonly eventId: string
  /** The id of the order that is paid, also the record's key: one payment stream an order. */
  readonly streamId: string
  /** 1, 2, 3 … within the stream. */
  readonly version: bigint
  /** PaymentAuthorised, PaymentDeclined, PaymentCaptured, PaymentVoided, PaymentRefunded, SurplusReturned, tick or barrier. */
  readonly type: string
  /** Event time. */
  readonly occurredAt: number
  /** W3C trace context. */
  readonly traceparent: string | null
  readonly captured: PaymentCaptured | null
  readonly declined: PaymentDeclined | null
  readonly authorised: PaymentAuthorised | null
  readonly voided: PaymentVoided | null
  readonly refunded: PaymentRefunded | null
  readonly returned: SurplusReturned | null
}
