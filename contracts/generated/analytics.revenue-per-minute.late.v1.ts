// Generated from contracts/events/analytics.revenue-per-minute.late.v1/2.avsc by `npm run contracts -- generate`. Do not edit.

/** A captured payment that came behind the watermark of its partition: kept, never dropped. */
export type RevenuePerMinuteLate = {
  readonly eventId: string
  readonly streamId: string
  readonly occurredAt: number
  /** The partition's watermark when it came. */
  readonly watermark: number
  readonly currency: string
  readonly amountMinor: bigint
  /** Where its record lies; -1 in rows of version 1. */
  readonly kafkaPartition: number
  readonly kafkaOffset: bigint
  /** The window that it has missed. */
  readonly windowStart: number
  readonly windowEnd: number
}
