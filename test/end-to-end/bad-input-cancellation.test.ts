import { randomUUID } from 'node:crypto'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTopics } from '../support/kafka.ts'
import { adminPool, getOrder, orderBody, postOrder } from '../support/shop.ts'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack
let pool: pg.Pool
let ordersUrl: string

beforeAll(async () => {
  stack = await useStack()
  pool = adminPool(stack)
  ordersUrl = stack.endpoints.ordersUrl
})

afterAll(() => pool.end())

type Headers = Readonly<Record<string, string>>

async function cancel(orderId: string, headers: Headers, reason = 'mistake') {
  const response = await fetch(`${ordersUrl}/orders/${orderId}/cancellation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...headers },
    body: JSON.stringify({ reason }),
    signal: AbortSignal.timeout(20_000),
  })
  const body = (await response.json()) as Readonly<Record<string, unknown>>
  return { status: response.status, headers: response.headers, body }
}

const place = async (changes = {}): Promise<string> =>
  String((await postOrder(ordersUrl, orderBody(changes))).body.orderId)

const settled = (orderId: string, status: string) =>
  eventually(
    async () => {
      const answer = await getOrder(ordersUrl, orderId)
      return answer.body.status === status ? String(answer.headers.get('etag')) : undefined
    },
    { timeoutMs: 60_000, what: `order ${orderId} to be ${status}` },
  )

const typesOf = async (orderId: string): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ type: string }>(
    'select type from orders.events where stream_id = $1 order by version',
    [orderId],
  )
  return rows.map(({ type }) => type)
}

/** Whether the order's payment has had its effect, if only that it is known. */
const isInInbox = async (orderId: string): Promise<boolean> => {
  const { rowCount } = await pool.query(
    'select from orders.inbox join payments.events using (event_id) where stream_id = $1',
    [orderId],
  )
  return rowCount === 1
}

const problem = (kind: string) => `urn:ten-seams:problem:${kind}`

describe('a cancellation', () => {
  // While fulfilment stands still, a confirmed order stays one: nothing completes it.
  beforeAll(() => stack.pause('fulfilment'))
  afterAll(() => stack.resume('fulfilment'))

  test('of a confirmed order names the payment to refund; the same key gets the same answer', async () => {
    const orderId = await place()
    const etag = await settled(orderId, 'confirmed')
    const { paymentId } = (await getOrder(ordersUrl, orderId)).body
    const headers = { 'if-match': etag, 'idempotency-key': randomUUID() }
    const first = await cancel(orderId, headers)
    expect(first.status).toBe(200)
    const [version, reason] = [3, 'mistake']
    expect(first.body).toEqual({ orderId, version, status: 'cancelled', reason, paymentId })
    expect(first.headers.get('etag')).toBe('"3"')
    const again = await cancel(orderId, headers)
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await cancel(orderId, headers, 'other')).status).toBe(422)
    expect((await getOrder(ordersUrl, orderId)).body).toMatchObject({
      status: 'cancelled',
      version: 3,
      paymentId,
    })
    expect(await typesOf(orderId)).toEqual(['OrderPlaced', 'OrderConfirmed', 'OrderCancelled'])
  })

  test('before the payment is heard of stays the last word', async () => {
    const orderId = await place()
    const early = await cancel(orderId, { 'if-match': '*' })
    expect(early.status).toBe(200)
    await eventually(() => isInInbox(orderId), {
      timeoutMs: 60_000,
      what: `orders to have heard of the payment of ${orderId}`,
    })
    expect((await typesOf(orderId)).at(-1)).toBe('OrderCancelled')
  })

  test('is refused without a version, at another one, and at a weak one', async () => {
    const orderId = await place()
    const etag = await settled(orderId, 'confirmed')
    const missing = await cancel(orderId, {})
    expect([missing.status, missing.body.type]).toEqual([428, problem('if-match-missing')])
    for (const other of ['"1"', '2', 'W/"2"', '"22"']) {
      const refused = await cancel(orderId, { 'if-match': other })
      expect([refused.status, refused.body.type]).toEqual([412, problem('version-differs')])
      expect(refused.headers.get('etag')).toBe(etag)
    }
    expect(await typesOf(orderId)).toEqual(['OrderPlaced', 'OrderConfirmed'])
  })

  test('is refused with a reason when the order has ended, or never began', async () => {
    const orderId = await place({ paymentMethod: 'card-declined' })
    const etag = await settled(orderId, 'rejected')
    const refused = await cancel(orderId, { 'if-match': etag })
    expect([refused.status, refused.body.type]).toEqual([409, problem('order-is-rejected')])
    const unknown = await cancel(randomUUID(), { 'if-match': '"1"' })
    expect([unknown.status, unknown.body.type]).toEqual([404, problem('order-unknown')])
    expect(await typesOf(orderId)).toEqual(['OrderPlaced', 'OrderRejected'])
  })

  test('of twenty at one version one is done, whatever their keys', async () => {
    const orderId = await place()
    const etag = await settled(orderId, 'confirmed')
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => cancel(orderId, { 'if-match': etag })),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(new Set(statuses)).toEqual(new Set([200, 412]))
    expect(await typesOf(orderId)).toHaveLength(3)
  })

  test('with one key sent twenty times at once is done once, and all are told so', async () => {
    const orderId = await place()
    const headers = {
      'if-match': await settled(orderId, 'confirmed'),
      'idempotency-key': randomUUID(),
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(orderId, headers)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await typesOf(orderId)).toHaveLength(3)
  })
})

describe('a cancellation that fulfilment reads after the confirmation', () => {
  test('recalls what was dispatched, and the dispatch does not bring the order back', async () => {
    stack.pause('fulfilment')
    const orderId = await place()
    try {
      const etag = await settled(orderId, 'confirmed')
      expect((await cancel(orderId, { 'if-match': etag })).status).toBe(200)
    } finally {
      stack.resume('fulfilment')
    }
    const { paymentId } = (await getOrder(ordersUrl, orderId)).body
    const [dispatched, recalled] = await shipmentsOf(orderId, 2)
    const shipmentId = dispatched?.dispatched?.shipmentId
    expect(dispatched).toMatchObject({ version: 1n, dispatched: { shipmentId, paymentId } })
    expect(recalled).toMatchObject({ version: 2n, recalled: { shipmentId, reason: 'mistake' } })
    await eventually(() => isInOrdersInbox(dispatched?.eventId), {
      timeoutMs: 60_000,
      what: `orders to have heard of the shipment of ${orderId}`,
    })
    // Its payment may have been refunded by now, which ends it as well.
    expect(['OrderCancelled', 'OrderRefunded']).toContain((await typesOf(orderId)).at(-1))
  })
})

async function shipmentsOf(orderId: string, count: number): Promise<readonly ShipmentEvent[]> {
  const { kafkaBrokers, registryUrl } = stack.endpoints
  const topic = 'fulfilment.shipment.v1'
  const reading = await readTopics(kafkaBrokers, [topic])
  const ours = () => reading.records.filter(({ key }) => key === orderId)
  try {
    await eventually(() => ours().length >= count, { timeoutMs: 60_000, what: 'the shipment' })
  } finally {
    await reading.close()
  }
  const codec = openCodec(registryUrl)
  const decode = async (value: Buffer | null) => {
    return (await codec.decode<ShipmentEvent>(topic, value)).value
  }
  return Promise.all(ours().map(({ value }) => decode(value)))
}

async function isInOrdersInbox(eventId: string | undefined): Promise<boolean> {
  const { rowCount } = await pool.query('select from orders.inbox where event_id = $1', [eventId])
  return rowCount === 1
}
