import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import type { Journal } from '../journal.ts'

/** Where a provocation happens: a system under load. */
export type Scene = {
  readonly stack: Stack
  readonly shop: pg.Pool
  readonly journal: Journal
  /** Whether the guard is on, so that the provocation must come to nothing. */
  readonly guarded: boolean
}

/**
 * What a guard is there for, once. Where it can be seen that the guard was met (an owner fenced, a record handed out
 * again) it is awaited: a provocation that did not happen proves nothing.
 */
export type Provocation = (scene: Scene) => Promise<void>

export const topics = {
  orders: 'orders.order.v1',
  payments: 'payments.payment.v1',
  shipments: 'fulfilment.shipment.v1',
} as const

/** Until the system has completed some orders more: it works, and what came before is behind it. */
export async function someCompleted(shop: pg.Pool): Promise<void> {
  const before = await completed(shop)
  const isMore = async () => (await completed(shop)) >= before + 20
  await eventually(isMore, { timeoutMs: 240_000, what: 'orders to be completed' })
}

/** How many orders have been completed. */
export async function completed(shop: pg.Pool): Promise<number> {
  const { rows } = await shop.query<{ n: string }>(
    `select count(*) as n from orders.events where type = 'OrderCompleted'`,
  )
  return Number(rows[0]?.n)
}
