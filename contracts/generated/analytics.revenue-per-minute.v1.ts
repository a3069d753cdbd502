// Generated from contracts/events/analytics.revenue-per-minute.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** One row a closed window and currency, written by Flink. */
export type RevenuePerMinute = {
  readonly windowStart: number
  readonly windowEnd: number
  readonly currency: string
  /** `window` for the closed window; a correction is a further row. */
  readonly kind: string
  /** Payments captured; the figure of a window is the sum of its rows. */
  readonly deltaPayments: bigint
  /** Integer minor units of the currency. */
  readonly deltaMinor: bigint
}
