// Generated from contracts/events/analytics.revenue-per-minute.late.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** A captured payment that came behind the watermark of its partition: kept, never dropped. */
export type RevenuePerMinuteLate = {
  readonly eventId: string
  readonly streamId: string
  readonly occurredAt: number
  /** The partition's watermark when it came. */
  readonly watermark: number
  readonly currency: string
  readonly amountMinor: bigint
}
