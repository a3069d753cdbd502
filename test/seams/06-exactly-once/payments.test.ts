import { randomUUID } from 'node:crypto'
import { EventStore } from '@tenseams/event-store/event-store'
import { entriesTable as sideTable } from '@tenseams/payments/entries'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { cancelled, type OwnPayments, openOwnPayments, placedOrder } from './own-payments.ts'

let own: OwnPayments

beforeAll(async () => {
  own = await openOwnPayments(await useStack())
})

afterEach(() => own.faults.replace([]))
afterAll(() => own.close())

/** Types of the events of an order's payment. */
const eventsOf = async (orderId: string): Promise<readonly string[]> => {
  const { rows } = await own.pool.query<{ type: string }>(
    `select type from ${own.schema}.events where stream_id = $1 order by version`,
    [orderId],
  )
  return rows.map(({ type }) => type)
}

/** The provider's operations for an order. */
const doneFor = async (orderId: string): Promise<readonly string[]> => {
  const { rows } = await own.providerPool.query<{ kind: string }>(
    `select kind from operations join payments using (payment_id) where reference = $1 order by position`,
    [orderId],
  )
  return rows.map(({ kind }) => kind)
}

/** The balance of each account of the ledger, for one order. */
const balances = async (orderId: string): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await own.pool.query<{ account: string; minor: number }>(
    `select account, sum(case side when 'credit' then amount_minor else -amount_minor end)::int as minor
       from ${own.schema}.entries where order_id = $1 group by account`,
    [orderId],
  )
  return Object.fromEntries(rows.map(({ account, minor }) => [account, minor]))
}

/** Redelivers a record until it is handled. */
const atLast = async (handle: () => Promise<void>): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handle()
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}

describe('the money of an order', () => {
  test('is held, then captured when the order is shipped, and recorded in the ledger with the events', async () => {
    const order = placedOrder()
    await own.take(order)
    expect(await balances(order.streamId)).toEqual({ customer: -9_800, held: 9_800 })
    await own.ship(order)
    expect(await eventsOf(order.streamId)).toEqual(['PaymentAuthorised', 'PaymentCaptured'])
    expect(await balances(order.streamId)).toEqual({ customer: -9_800, held: 0, merchant: 9_800 })
  })

  test('is not moved when the provider declines', async () => {
    const order = placedOrder({ paymentMethod: 'card-declined' })
    await own.take(order)
    await own.take(cancelled(order))
    expect(await eventsOf(order.streamId)).toEqual(['PaymentDeclined'])
    expect(await balances(order.streamId)).toEqual({})
  })

  test('is voided when the order is cancelled before the capture', async () => {
    const order = placedOrder()
    await own.take(order)
    await own.take(cancelled(order))
    await own.take(order)
    // It was dispatched already, and is recalled.
    await own.ship(order)
    expect(await eventsOf(order.streamId)).toEqual(['PaymentAuthorised', 'PaymentVoided'])
    expect(await doneFor(order.streamId)).toEqual(['authorised', 'voided'])
    expect(await balances(order.streamId)).toEqual({ customer: 0, held: 0 })
  })

  test('is waited for when the shipment is consumed before the order', async () => {
    const order = placedOrder()
    await expect(own.ship(order)).rejects.toMatchObject({ code: 'PAYMENT_NOT_KNOWN_YET' })
    await own.take(order)
    await own.ship(order)
    expect(await doneFor(order.streamId)).toEqual(['authorised', 'captured'])
  })

  test('is not held when the cancellation is handled before the order', async () => {
    const order = placedOrder()
    await own.take(cancelled(order))
    await own.take(order)
    expect(await eventsOf(order.streamId)).toEqual(['PaymentDeclined'])
    expect(await doneFor(order.streamId)).toEqual([])
  })
})

describe('captured money of an order that is then cancelled', () => {
  test.each([
    ['', []],
    ['and the provider loses its answers', [{ kind: 'lose-answer', every: 2 }]],
    ['and the provider fails every other time', [{ kind: 'fail', every: 2 }]],
    [
      'and the provider ignores keys and loses answers',
      [
        { kind: 'ignore-keys', every: 1, operation: 'refund' },
        { kind: 'lose-answer', every: 2, operation: 'refund' },
      ],
    ],
  ] as const)(
    'is refunded once, also when the cancellation is redelivered %s',
    async (_, faults) => {
      const order = placedOrder()
      own.faults.replace(faults)
      await atLast(() => own.take(order))
      await atLast(() => own.ship(order))
      const cancellation = cancelled(order)
      for (let times = 0; times < 3; times += 1) await atLast(() => own.take(cancellation))
      await atLast(() => own.take({ ...cancellation, eventId: randomUUID() }))
      await atLast(() => own.ship(order))
      expect(await eventsOf(order.streamId)).toEqual([
        'PaymentAuthorised',
        'PaymentCaptured',
        'PaymentRefunded',
      ])
      expect(await doneFor(order.streamId)).toEqual(['authorised', 'captured', 'refunded'])
      expect(await balances(order.streamId)).toEqual({ customer: 0, held: 0, merchant: 0 })
    },
  )

  test('is refunded together with its capture when the record of the capture was lost', async () => {
    const order = placedOrder()
    own.faults.replace([{ kind: 'lose-answer', every: 1, operation: 'capture' }])
    await own.take(order)
    await expect(own.ship(order)).rejects.toMatchObject({ retriable: true })
    expect(await eventsOf(order.streamId)).toEqual(['PaymentAuthorised'])
    await own.take(cancelled(order))
    await own.ship(order)
    expect((await eventsOf(order.streamId)).slice(1)).toEqual([
      'PaymentCaptured',
      'PaymentRefunded',
    ])
    expect(await doneFor(order.streamId)).toEqual(['authorised', 'captured', 'refunded'])
    expect(await balances(order.streamId)).toEqual({ customer: 0, held: 0, merchant: 0 })
  })

  test('is voided or refunded once when capture and cancellation are handled concurrently', async () => {
    const orders = Array.from({ length: 8 }, () => placedOrder())
    await Promise.all(orders.map((order) => own.take(order)))
    await Promise.all(
      orders.flatMap((order) => [
        atLast(() => own.ship(order)),
        atLast(() => own.take(cancelled(order))),
      ]),
    )
    for (const { streamId } of orders) {
      expect((await balances(streamId)).customer).toBe(0)
      expect((await doneFor(streamId)).at(-1)).toMatch(/voided|refunded/)
    }
  })
})

describe('the ledger', () => {
  test('is in one transaction with the events: neither without the other', async () => {
    const order = placedOrder()
    await own.take(order)
    await own.ship(order)
    const { rows } = await own.pool.query<{ one: string; other: string }>(
      `select e.xmin::text as one, n.xmin::text as other from ${own.schema}.events e
         join ${own.schema}.entries n using (event_id) where e.stream_id = $1`,
      [order.streamId],
    )
    expect(rows).toHaveLength(4)
    for (const { one, other } of rows) expect(one).toBe(other)
  })

  test('has no rows of an append that conflicts or repeats, while others of its batch are written', async () => {
    const store = new EventStore({
      pool: own.pool,
      schema: own.schema,
      sideTable,
      maxStatements: 1,
    })
    const [taken, fresh] = [randomUUID(), randomUUID()]
    const guard = { kind: 'inbox' as const, eventId: randomUUID() }
    await store.append({ ...appendTo(taken), guard })
    const results = await store.appendTogether([
      appendTo(taken),
      appendTo(fresh),
      { ...appendTo(randomUUID()), guard },
    ])
    expect(results.map(({ kind }) => kind)).toEqual(['conflict', 'appended', 'repeated'])
    expect(Object.keys(await balances(fresh))).toHaveLength(2)
    const { rows } = await own.pool.query(
      `select 1 from ${own.schema}.entries where order_id = $1`,
      [taken],
    )
    expect(rows).toHaveLength(2)
  })

  test('refuses a transfer that does not balance, with its event, while others of the batch are written', async () => {
    const store = new EventStore({
      pool: own.pool,
      schema: own.schema,
      sideTable,
      maxStatements: 1,
    })
    const [good, bad] = [randomUUID(), randomUUID()]
    const settled = await Promise.allSettled([
      store.append(appendTo(randomUUID())),
      store.append(appendTo(good)),
      store.append(appendTo(bad, 1n)),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(settled[2]).toMatchObject({ reason: { code: '23514' } })
    expect(await eventsOf(bad)).toEqual([])
    expect(await eventsOf(good)).toEqual(['Tested'])
  })

  test.each([
    ['change an entry', 'update entries set amount_minor = 1'],
    ['delete an entry', 'delete from entries'],
    ['empty the ledger', 'truncate entries'],
    ['disable the check', 'alter table entries disable trigger transfers_balance'],
  ])('may not be rewritten: the service’s role cannot %s', async (_, statement) => {
    await expect(
      own.pool.query(statement.replace('entries', `${own.schema}.entries`)),
    ).rejects.toThrow(/permission denied|must be owner/)
  })
})

/** An append to a new stream with one transfer; its two sides differ by `gap`. */
function appendTo(streamId: string, gap = 0n) {
  const [eventId, transferId] = [randomUUID(), randomUUID()]
  const entry = (no: number, account: string, side: string, minor: bigint) =>
    [transferId, no, streamId, eventId, 'p-1', account, side, minor, 'EUR'] as const
  return {
    ...{ streamId, expectedVersion: 0n },
    events: [
      {
        ...{ eventId, version: 1n, type: 'Tested', topic: 'test', data: {} },
        payload: Buffer.from([0]),
      },
    ],
    rows: [entry(1, 'customer', 'debit', 500n), entry(2, 'held', 'credit', 500n + gap)],
  }
}
