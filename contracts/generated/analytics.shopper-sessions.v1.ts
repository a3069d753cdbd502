// Generated from contracts/events/analytics.shopper-sessions.v1/1.avsc by `npm run contracts -- generate`. Do not edit.

/** One row a closed session of a customer in one currency, written by Flink. */
export type ShopperSession = {
  /** When its first order was placed. */
  readonly windowStart: number
  /** When its last order was placed, and the gap after it. */
  readonly windowEnd: number
  readonly customerId: string
  /** ISO 4217; money of two currencies is two sessions. */
  readonly currency: string
  readonly orders: bigint
  /** What was ordered, in integer minor units of the currency. */
  readonly amountMinor: bigint
  /** How many of the orders were paid in time. */
  readonly paidOrders: bigint
  /** From placed to captured, the sum over the paid orders. */
  readonly timeToPayMs: bigint
}
