// Generated from contracts/events/analytics.shopper-sessions.late.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** A placed order or a captured payment that came behind the watermark of its partition: kept, never dropped. */
export type ShopperSessionsLate = {
  /** order or payment. */
  readonly input: string
  readonly eventId: string
  /** The order id. */
  readonly streamId: string
  readonly occurredAt: number
  /** The partition's watermark when it came. */
  readonly watermark: number
  readonly currency: string
  readonly amountMinor: bigint
}
