// Generated from contracts/events/analytics.payment-failure-rate.late.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** A provider's answer that came behind the watermark of its partition: kept, never dropped. */
export type PaymentFailureRateLate = {
  readonly eventId: string
  readonly streamId: string
  readonly occurredAt: number
  /** The partition's watermark when it came. */
  readonly watermark: number
  readonly method: string
  /** accepted or declined. */
  readonly outcome: string
}
