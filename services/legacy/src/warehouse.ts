import { derivedId } from '@tenseams/service/ids'
import { Periodic } from '@tenseams/service/periodic'
import type { Log } from '@tenseams/telemetry/log'
import type pg from 'pg'
import type { WorkerMetrics } from './metrics.ts'
import type { Orders } from './orders.ts'
import { setPayment } from './payment-table.ts'
import { inTransaction } from './transaction.ts'

export type WarehouseOptions = {
  readonly pool: pg.Pool
  readonly orders: Orders
  readonly pollIntervalMs: number
  readonly metrics: WorkerMetrics
  readonly log: Log
}

const BATCH = 32

/**
 * Ships: polls for confirmed orders, completes them, and has their money captured, in one transaction a batch. The id of a shipment
 * follows from its order, as in fulfilment, so an order that both ship has one.
 */
export class Warehouse {
  readonly #options: WarehouseOptions
  readonly #rounds: Periodic<number>

  constructor(options: WarehouseOptions) {
    this.#options = options
    this.#rounds = new Periodic({
      work: () => this.round(),
      pauseMs: (round) =>
        round.kind === 'done' && round.result === BATCH ? 0 : options.pollIntervalMs,
      onError: (err) => options.log.warn({ err, what: 'shipments' }, 'a poll has failed'),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** One poll. Returns how many orders were shipped. @throws StoreUnavailableError */
  async round(): Promise<number> {
    const { pool, orders, metrics } = this.#options
    const shipped = await inTransaction(pool, async (client) => {
      const ready = await confirmed(client)
      for (const orderId of ready) {
        const completed = await orders.move(client, orderId, 'complete', {
          shipmentId: derivedId('fulfilment/shipment', orderId),
        })
        if (completed === undefined) continue
        await setPayment(client, orderId, { from: 'authorised', to: 'capture-due' })
      }
      return ready.length
    })
    metrics.polled('warehouse', shipped)
    return shipped
  }
}

/** The longest waiting first, locked; those that somebody else has locked are left to them. */
async function confirmed(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ order_id: string }>({
    name: 'confirmed-orders',
    text: `select order_id from legacy.orders where status = 'confirmed'
            order by updated_at limit $1 for update skip locked`,
    values: [BATCH],
  })
  return rows.map(({ order_id }) => order_id)
}
