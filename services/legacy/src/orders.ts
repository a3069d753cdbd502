import { toJson } from '@tenseams/event-store/json'
import type pg from 'pg'
import type { OrderMove } from './domain/order.ts'
import {
  insertOrder,
  type MovedColumns,
  moveOrder,
  type OnChange,
  type Order,
  type OrderChange,
} from './order-table.ts'
import { dropUntried, insertPayment, setPayment } from './payment-table.ts'
import { inTransaction } from './transaction.ts'

export type OrdersOptions = {
  readonly pool: pg.Pool
  readonly onChange?: OnChange
}

/** The request by which a client changes an order. */
export type Request = {
  readonly key: string
  readonly requestHash: Buffer
  readonly traceparent: string | null
}

export type Placing = Request & {
  readonly order: Pick<
    Order,
    'orderId' | 'customerId' | 'currency' | 'totalMinor' | 'paymentMethod' | 'lines'
  >
  readonly answer: unknown
}

export type Cancelling = Request & {
  readonly orderId: string
  /** The version on which the client has decided. */
  readonly atVersion: bigint
  readonly reason: string
  readonly answer: unknown
}

/**
 * The orders as rows. Each method is one transaction: the row, the payment that goes with it, the answer to the request's key,
 * and what `onChange` writes. After a crash all of it is there, or nothing.
 */
export class Orders {
  readonly #pool: pg.Pool
  readonly #onChange: OnChange

  constructor({ pool, onChange = async () => undefined }: OrdersOptions) {
    this.#pool = pool
    this.#onChange = onChange
  }

  /** `repeated`: the key was used before, and nothing was written. @throws StoreUnavailableError */
  place(placing: Placing): Promise<'done' | 'repeated'> {
    const { order, traceparent } = placing
    return inTransaction(this.#pool, async (client) => {
      if (!(await insertKey(client, placing, 201, placing.answer))) return 'repeated'
      const changedAt = new Date()
      const placed = await insertOrder(client, order, changedAt)
      const { orderId, currency, totalMinor: amountMinor, paymentMethod: method } = order
      await insertPayment(client, { orderId, currency, amountMinor, method })
      await this.#onChange(client, { kind: 'place', order: placed, traceparent })
      return 'done'
    })
  }

  /**
   * Cancels an order, and has the worker return its money. `conflict`: the order is at another version, or has ended.
   *
   * @throws StoreUnavailableError
   */
  cancel(cancelling: Cancelling): Promise<'done' | 'repeated' | 'conflict'> {
    const { orderId, atVersion, reason, traceparent } = cancelling
    return inTransaction(this.#pool, async (client) => {
      if (!(await insertKey(client, cancelling, 200, cancelling.answer))) return 'repeated'
      const moved = await this.move(client, orderId, 'cancel', { reason, atVersion }, traceparent)
      if (moved === undefined) {
        await client.query({
          name: 'release-key',
          text: 'delete from legacy.idempotency where key = $1',
          values: [cancelling.key],
        })
        return 'conflict'
      }
      // One that is being authorised is returned when the worker knows of which payment.
      await dropUntried(client, orderId)
      await setPayment(client, orderId, { from: 'authorised', to: 'return-due' })
      return 'done'
    })
  }

  /** Within a transaction of the caller's. Undefined when the order's state does not allow the move. */
  async move(
    client: pg.ClientBase,
    orderId: string,
    kind: OrderMove,
    set: MovedColumns,
    traceparent: string | null = null,
  ): Promise<Order | undefined> {
    const changedAt = new Date()
    const order = await moveOrder(client, orderId, kind, changedAt, set)
    if (order === undefined) return undefined
    const change: OrderChange = { kind, order, traceparent }
    await this.#onChange(client, change)
    return order
  }
}

/** Whether the key is new. A concurrent request with the same one waits here for the other's transaction. */
async function insertKey(
  client: pg.ClientBase,
  { key, requestHash }: Request,
  status: number,
  answer: unknown,
): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'insert-key',
    text: `insert into legacy.idempotency (key, request_hash, status, answer) values ($1, $2, $3, $4)
           on conflict do nothing`,
    values: [key, requestHash, status, toJson(answer)],
  })
  return rowCount === 1
}
