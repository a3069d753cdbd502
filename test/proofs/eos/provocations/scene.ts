import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import type { Journal } from '../journal.ts'

/** The system under load in which a provocation happens. */
export type Scene = {
  readonly stack: Stack
  readonly shop: pg.Pool
  readonly journal: Journal
  /** Whether the guard is on, so that the provocation must cause no anomaly. */
  readonly guarded: boolean
}

/**
 * Provokes once what a guard prevents. Where it can be observed that the guard was needed (an owner fenced, a record
 * redelivered), the provocation waits for that: a provocation that did not happen proves nothing.
 */
export type Provocation = (scene: Scene) => Promise<void>

export const topics = {
  orders: 'orders.order.v1',
  payments: 'payments.payment.v1',
  shipments: 'fulfilment.shipment.v1',
} as const

/** Waits until 20 more orders are completed: the system works, and earlier orders are through. */
export async function someCompleted(shop: pg.Pool): Promise<void> {
  const before = await completed(shop)
  const isMore = async () => (await completed(shop)) >= before + 20
  await eventually(isMore, { timeoutMs: 240_000, what: 'orders to be completed' })
}

/** The number of completed orders. */
export async function completed(shop: pg.Pool): Promise<number> {
  const { rows } = await shop.query<{ n: string }>(
    `select count(*) as n from orders.events where type = 'OrderCompleted'`,
  )
  return Number(rows[0]?.n)
}
