// Generated from contracts/events/analytics.payment-failure-rate.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** One row a closed window and payment method, written by Flink. A window without attempts has no row. */
export type PaymentFailureRate = {
  readonly windowStart: number
  /** Windows overlap: an attempt is in as many as begin during one. */
  readonly windowEnd: number
  readonly method: string
  /** Payments that the provider answered for. */
  readonly attempts: bigint
  /** How many of them it declined; the rate is declined / attempts. */
  readonly declined: bigint
}
