import { randomUUID } from 'node:crypto'
import { Projection } from '@tenseams/event-store/projection'
import {
  byTransaction,
  type CategoryReading,
  type ReadingOrder,
  readCategory,
} from '@tenseams/event-store/read-category'
import { type Authorization, authorizationIn } from '@tenseams/identities/authorization'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byPosition } from '../../faults/event-store/reading-orders.ts'
import { adminPool, orderBody, postOrder, rolePool } from '../../support/shop.ts'
import { useStack } from '../../support/stack.ts'
import { letConnectPublish, testedTopic } from '../../support/tested-events.ts'

let pool: pg.Pool
let admin: pg.Pool
let ordersUrl: string
let asOperator: () => Promise<Authorization>

beforeAll(async () => {
  const stack = await useStack()
  await letConnectPublish(stack.endpoints)
  ordersUrl = stack.endpoints.ordersUrl
  asOperator = () => authorizationIn(stack.secrets.fileOf('operator'))
  pool = rolePool(stack, 'orders_service')
  admin = adminPool(stack)
  await admin.query(
    'create table orders.tested_rows (generation integer, event_id uuid, unique (generation, event_id))',
  )
  await admin.query('grant all on orders.tested_rows to orders_service')
})

afterAll(async () => {
  await admin.query('drop table orders.tested_rows')
  await admin.query(`delete from orders.projections where name like 'tested-%'`)
  await Promise.all([pool.end(), admin.end()])
})

type Listed = { readonly orderId: string; readonly status: string; readonly version: number }

async function list(query: string) {
  const response = await fetch(`${ordersUrl}/orders?${query}`, {
    signal: AbortSignal.timeout(20_000),
  })
  const body = (await response.json()) as { orders: Listed[]; next?: string; type?: string }
  return { status: response.status, ...body }
}

const place = async (customerId: string): Promise<string> =>
  String((await postOrder(ordersUrl, orderBody({ customerId }))).body.orderId)

/** Holds open a transaction that has an id: the list does not advance beyond it. */
async function holdTheList() {
  const client = await admin.connect()
  await client.query('begin')
  await client.query('select pg_current_xact_id()')
  return {
    letGo: async () => {
      await client.query('commit')
      client.release()
    },
  }
}

describe('the list of orders', () => {
  test('shows a customer what was just written, if asked for it', async () => {
    const customerId = randomUUID()
    for (let count = 1; count <= 20; count += 1) {
      const orderId = await place(customerId)
      const { orders } = await list(`customerId=${customerId}&seen=${orderId}@1`)
      expect(orders[0]).toMatchObject({ orderId })
      expect(orders).toHaveLength(count)
    }
  })

  test('does not show it while it lags, and answers so to a client that asks for it', async () => {
    const customerId = randomUUID()
    const held = await holdTheList()
    try {
      const orderId = await place(customerId)
      expect((await list(`customerId=${customerId}`)).orders).toEqual([])
      const refused = await list(`customerId=${customerId}&seen=${orderId}@1`)
      expect([refused.status, refused.type]).toEqual([503, 'urn:ten-seams:problem:not-seen-yet'])
      await held.letGo()
      const { orders } = await list(`customerId=${customerId}&seen=${orderId}@1`)
      expect(orders.map((order) => order.orderId)).toEqual([orderId])
    } finally {
      await held.letGo().catch(() => undefined)
    }
  })

  test('is read page by page, by customer and by state, the newest first', async () => {
    const customerId = randomUUID()
    const placed: string[] = []
    for (let count = 0; count < 5; count += 1) placed.push(await place(customerId))
    const isRejected = async () =>
      (await list(`customerId=${customerId}&status=rejected`)).orders.length === 1
    const declined = await postOrder(
      ordersUrl,
      orderBody({ customerId, paymentMethod: 'card-declined' }),
    )
    await eventually(isRejected, { timeoutMs: 60_000, what: 'the declined order to be listed' })
    const first = await list(`customerId=${customerId}&limit=4`)
    const second = await list(`customerId=${customerId}&limit=4&before=${first.next}`)
    const seen = [...first.orders, ...second.orders].map(({ orderId }) => orderId)
    expect(seen).toEqual([...placed, String(declined.body.orderId)].reverse())
    expect(second.next).toBeUndefined()
    const all = await list('limit=4')
    expect([all.status, all.orders.length]).toEqual([200, 4])
  })

  test('refuses at once what was never written, instead of waiting for it', async () => {
    const customerId = randomUUID()
    const orderId = await place(customerId)
    for (const seen of [`${randomUUID()}@1`, `${orderId}@99`, `${orderId}@1,${randomUUID()}@7`]) {
      const begunAt = performance.now()
      const refused = await list(`customerId=${customerId}&seen=${seen}`)
      expect([refused.status, refused.type]).toEqual([404, 'urn:ten-seams:problem:seen-unknown'])
      expect(performance.now() - begunAt).toBeLessThan(2_000)
    }
  })
})

/** The list's rows beside each order's state from the log; equal rows are left out. */
async function differences(): Promise<readonly unknown[]> {
  const { rows } = await admin.query(
    `with said as (
       select distinct on (stream_id) stream_id, version,
              case type when 'OrderRefunded' then 'cancelled' else lower(substr(type, 6)) end as status
         from orders.events where type like 'Order%' order by stream_id, version desc
     ), listed as (
       select order_id, version, status from orders.order_list
        where generation = (select generation from orders.projections
                             where name = 'order-list' and state = 'current')
     )
     select * from said full join listed on order_id = stream_id
      where said.version is distinct from listed.version or said.status is distinct from listed.status`,
  )
  return rows
}

const isEqual = () =>
  eventually(async () => (await differences()).length === 0, {
    timeoutMs: 30_000,
    what: 'the list to say what the log says',
  })

async function generations(): Promise<readonly { generation: number; state: string }[]> {
  const response = await fetch(`${ordersUrl}/read-model`, {
    headers: await asOperator(),
    signal: AbortSignal.timeout(10_000),
  })
  return (await response.json()) as { generation: number; state: string }[]
}

test('a rebuild repairs the list while orders are placed, and leaves one generation', async () => {
  const customerId = randomUUID()
  const damaged = await place(customerId)
  await list(`customerId=${customerId}&seen=${damaged}@1`)
  await admin.query(
    `update orders.order_list set status = 'lost', version = 99 where order_id = $1`,
    [damaged],
  )
  expect(await differences()).not.toEqual([])
  const before = (await generations())[0]?.generation ?? 0
  const answer = await fetch(`${ordersUrl}/read-model/rebuild`, {
    method: 'POST',
    headers: await asOperator(),
  })
  expect(await answer.json()).toEqual({ generation: before + 1 })
  const taken: string[] = []
  const isRebuilt = async () => {
    taken.push(await place(customerId))
    const [only, ...others] = await generations()
    return others.length === 0 && only?.generation === before + 1 && only.state === 'current'
  }
  await eventually(isRebuilt, { timeoutMs: 60_000, what: 'the rebuild', intervalMs: 5 })
  await isEqual()
  const last = taken.at(-1)
  const { orders } = await list(`customerId=${customerId}&limit=200&seen=${last}@1`)
  expect(orders).toHaveLength(taken.length + 1)
  const { rowCount } = await admin.query('select from orders.order_list where generation = $1', [
    before,
  ])
  expect(rowCount).toBe(0)
})

/** A projection that records every event's id, run by two instances at once. */
async function noting(order: ReadingOrder = byTransaction) {
  const name = `tested-${randomUUID()}`
  const options = {
    ...{ pool, schema: 'orders', name },
    apply: async (
      client: pg.PoolClient,
      generation: number,
      events: readonly { eventId: string }[],
    ) =>
      void (await client.query(
        'insert into orders.tested_rows select $1, * from unnest($2::uuid[])',
        [generation, events.map(({ eventId }) => eventId)],
      )),
    clear: async () => 0,
    readEvents: (from: pg.Pool, schema: string, reading: CategoryReading) =>
      readCategory(from, schema, reading, order),
  }
  await admin.query('truncate orders.tested_rows')
  return [new Projection(options), new Projection(options)] as const
}

async function readAll(projections: readonly Projection[]): Promise<void> {
  const isRead = async () => {
    const moved = await Promise.all(projections.map((projection) => projection.step()))
    return moved.every((events) => events === 0)
  }
  await eventually(isRead, { timeoutMs: 30_000, what: 'the log to be read', intervalMs: 5 })
}

const noted = async (eventId: string): Promise<boolean> =>
  (await pool.query('select from orders.tested_rows where event_id = $1', [eventId])).rowCount === 1

async function writeEvent(client: pg.ClientBase): Promise<string> {
  const eventId = randomUUID()
  await client.query(
    `insert into orders.events (event_id, stream_id, version, type, topic, data, payload)
     values ($1, $2, 1, 'Tested', '${testedTopic}', '{}', '\\x0000000001')`,
    [eventId, randomUUID()],
  )
  return eventId
}

describe('a projection, while a transaction is slow', () => {
  test.each([
    { order: byTransaction, seesSlow: true },
    { order: byPosition, seesSlow: false },
  ])('reading $order.name sees its event in the end: $seesSlow', async ({ order, seesSlow }) => {
    const projections = await noting(order)
    await readAll(projections)
    const slowWriter = await pool.connect()
    await slowWriter.query('begin')
    const slow = await writeEvent(slowWriter)
    const quickWriter = await pool.connect()
    await writeEvent(quickWriter)
    quickWriter.release()
    await readAll(projections)
    await slowWriter.query('commit')
    slowWriter.release()
    const lastWriter = await pool.connect()
    const last = await writeEvent(lastWriter)
    lastWriter.release()
    const isLastNoted = async () => {
      await readAll(projections)
      return noted(last)
    }
    await eventually(isLastNoted, { timeoutMs: 30_000, what: 'the last event to be noted' })
    expect(await noted(slow)).toBe(seesSlow)
  })

  test('two instances of it apply each event once', async () => {
    const projections = await noting()
    await readAll(projections)
    const { rows } = await pool.query<{ events: string; noted: string }>(
      `select (select count(*) from orders.events) as events,
              (select count(*) from orders.events join orders.tested_rows using (event_id)) as noted`,
    )
    expect(rows[0]?.noted).toBe(rows[0]?.events)
  })
})
