import { randomUUID } from 'node:crypto'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, getOrder, orderBody, placedBy, postOrder } from '../support/shop.ts'
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

const line = (changes: object) => ({
  lines: [{ sku: 'lamp-01', quantity: 1, priceMinor: 4_900, ...changes }],
})

describe('bad input gets problem details and leaves nothing behind', () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['an unknown property', { discount: 5 }],
    ['an unknown property of a line', line({ vat: 1 })],
    ['negative money', line({ priceMinor: -1 })],
    ['fractional money', line({ priceMinor: 9.99 })],
    ['money as text', line({ priceMinor: '100' })],
    ['money beyond all bounds', line({ priceMinor: 2 ** 53 })],
    ['an order that costs nothing', line({ priceMinor: 0 })],
    ['a product that is not sold', line({ sku: 'desk-99' })],
    ['a product that is only almost named', line({ sku: 'LAMP-01' })],
    ['a NUL in a text', line({ sku: 'lamp\u0000' })],
    ['half a character', line({ sku: '\ud800' })],
    ['no lines', { lines: [] }],
    ['no quantity', line({ quantity: 0 })],
    ['an unknown currency', { currency: 'XXX' }],
    ['an unknown way to pay', { paymentMethod: 'barter' }],
  ])('%s', async (_, changes) => {
    const customerId = randomUUID()
    const answer = await postOrder(ordersUrl, orderBody({ customerId, ...changes }))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.body).toMatchObject({ status: answer.status })
    expect(await placedBy(pool, customerId)).toBe(0)
  })

  test('what is no JSON, or no order at all', async () => {
    for (const body of ['{"customerId":', '[]', '"order"', 'null', '']) {
      const answer = await postOrder(ordersUrl, body)
      expect([400, 415]).toContain(answer.status)
    }
  })

  test('a body larger than the limit', async () => {
    const lines = Array.from({ length: 5_000 }, () => line({}).lines[0])
    expect((await postOrder(ordersUrl, orderBody({ lines }))).status).toBe(413)
  })

  test('no Idempotency-Key', async () => {
    const customerId = randomUUID()
    const answer = await postOrder(ordersUrl, orderBody({ customerId }), null)
    expect(answer.status).toBe(400)
    expect(answer.body.type).toBe('urn:ten-seams:problem:idempotency-key-missing')
    expect(await placedBy(pool, customerId)).toBe(0)
  })
})

describe('an Idempotency-Key', () => {
  test('gets the same answer again, and one order', async () => {
    const [customerId, key] = [randomUUID(), randomUUID()]
    const first = await postOrder(ordersUrl, orderBody({ customerId }), key)
    const again = await postOrder(ordersUrl, orderBody({ customerId }), key)
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await placedBy(pool, customerId)).toBe(1)
  })

  test('makes one order of a hundred requests at once', async () => {
    const [customerId, key] = [randomUUID(), randomUUID()]
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => postOrder(ordersUrl, orderBody({ customerId }), key)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ body }) => body.orderId)).size).toBe(1)
    expect(await placedBy(pool, customerId)).toBe(1)
  })

  test('is refused for another payload', async () => {
    const [customerId, key] = [randomUUID(), randomUUID()]
    await postOrder(ordersUrl, orderBody({ customerId }), key)
    const other = await postOrder(ordersUrl, orderBody({ customerId, currency: 'USD' }), key)
    expect(other.status).toBe(422)
    expect(other.body.type).toBe('urn:ten-seams:problem:idempotency-key-reused')
    expect(await placedBy(pool, customerId)).toBe(1)
  })
})

describe('an ETag', () => {
  const read = (orderId: string, known: string) =>
    fetch(`${ordersUrl}/orders/${orderId}`, { headers: { 'if-none-match': known } })

  test('is the version; who knows it already is not told again', async () => {
    const placed = await postOrder(ordersUrl, orderBody())
    expect(placed.headers.get('etag')).toBe('"1"')
    const orderId = String(placed.body.orderId)
    const completed = await eventually(
      async () => {
        const answer = await getOrder(ordersUrl, orderId)
        return answer.body.status === 'completed' ? answer : undefined
      },
      { timeoutMs: 60_000, what: `order ${orderId} to be completed` },
    )
    const etag = String(completed.headers.get('etag'))
    expect(etag).toBe(`"${String(completed.body.version)}"`)
    expect((await read(orderId, '"1"')).status).toBe(200)
    for (const known of [etag, `W/${etag}`, `"1", ${etag}`, '*']) {
      const unchanged = await read(orderId, known)
      expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([304, etag])
      expect(await unchanged.text()).toBe('')
    }
  })
})

describe('the OpenAPI document', () => {
  test('describes what this service answers, and has a page', async () => {
    const document = await (await fetch(`${ordersUrl}/documentation/json`)).json()
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\./),
      paths: {
        '/orders': {
          post: { description: expect.stringContaining('A key lives for at least 24 hours') },
        },
        '/orders/{orderId}': { get: { responses: { 200: {}, 304: {}, 404: {}, 429: {} } } },
      },
    })
    expect((await fetch(`${ordersUrl}/documentation`)).headers.get('content-type')).toContain(
      'text/html',
    )
  })
})

describe('an order that does not exist', () => {
  test('is not found', async () => {
    expect((await getOrder(ordersUrl, randomUUID())).status).toBe(404)
    expect((await getOrder(ordersUrl, 'nonsense')).status).toBe(400)
  })
})
