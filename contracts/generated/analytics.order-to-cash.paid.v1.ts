// Generated from contracts/events/analytics.order-to-cash.paid.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** An order whose money was captured in time, written by Flink. */
export type OrderToCashPaid = {
  /** The order id. */
  readonly streamId: string
  readonly customerId: string
  readonly placedAt: number
  readonly paidAt: number
  /** Below zero when the clock of payments was behind that of orders. */
  readonly timeToPayMs: bigint
  readonly currency: string
  /** What was captured, in integer minor units. */
  readonly amountMinor: bigint
}
