// Generated from contracts/events/analytics.order-to-cash.unpaid.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** An order whose money was not captured within the term, written by Flink. Why not, it does not say. */
export type OrderToCashUnpaid = {
  /** The order id. */
  readonly streamId: string
  readonly customerId: string
  readonly placedAt: number
  /** The end of the term. */
  readonly dueAt: number
  readonly currency: string
  /** What was ordered, in integer minor units. */
  readonly amountMinor: bigint
}
