import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, orderBody, placedBy, postOrder } from '../support/shop.ts'
import { useStack } from '../support/stack.ts'

let pool: pg.Pool
let ordersUrl: string

beforeAll(async () => {
  const stack = await useStack()
  pool = adminPool(stack)
  ordersUrl = stack.endpoints.ordersUrl
})

afterAll(() => pool.end())

async function register(key: string, changes = {}) {
  const response = await fetch(`${ordersUrl}/customers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({
      ...{ name: 'Ada Lovelace', email: `${key}@example.com`, segment: 'consumer' },
      ...changes,
    }),
  })
  const body = (await response.json()) as { readonly customerId: string; readonly type?: string }
  return { status: response.status, headers: response.headers, body }
}

describe('a customer', () => {
  test('is registered once for an Idempotency-Key, however often and at once', async () => {
    const key = randomUUID()
    const first = await register(key)
    const again = await register(key)
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const other = await register(key, { name: 'Another' })
    expect([other.status, other.body.type]).toEqual([
      422,
      'urn:ten-seams:problem:idempotency-key-reused',
    ])
    const atOnce = randomUUID()
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(atOnce)))
    expect(new Set(answers.map(({ body }) => body.customerId)).size).toBe(1)
  })

  test('has a key of its own: one that an order used is refused, and the reverse', async () => {
    const [ofOrder, ofCustomer] = [randomUUID(), randomUUID()]
    await postOrder(ordersUrl, orderBody(), ofOrder)
    expect((await register(ofOrder)).status).toBe(422)
    await register(ofCustomer)
    expect((await postOrder(ordersUrl, orderBody(), ofCustomer)).status).toBe(422)
  })

  test('is found by its id in every spelling, and its orders are listed by one', async () => {
    const { customerId } = (await register(randomUUID())).body
    for (const spelling of [
      `urn:uuid:${customerId}`,
      customerId.toUpperCase(),
      `{${customerId}}`,
    ]) {
      const shown = await fetch(`${ordersUrl}/customers/${encodeURIComponent(spelling)}`)
      expect([shown.status, await shown.json()]).toMatchObject([200, { customerId }])
      const order = await postOrder(ordersUrl, orderBody({ customerId: spelling }))
      expect(order.status).toBe(201)
    }
    expect(await placedBy(pool, customerId)).toBe(3)
    const urn = `urn:uuid:${customerId}`
    expect((await fetch(`${ordersUrl}/customers/${urn}`, { method: 'DELETE' })).status).toBe(204)
    expect((await fetch(`${ordersUrl}/customers/${customerId}`)).status).toBe(410)
  })

  test('is readable until erased; what is stored and captured is ciphertext', async () => {
    const key = randomUUID()
    const made = await register(key)
    expect(made.status).toBe(201)
    const { customerId } = made.body
    const address = `${ordersUrl}/customers/${customerId}`
    expect(await (await fetch(address)).json()).toMatchObject({ name: 'Ada Lovelace' })

    const { rows } = await pool.query('select * from catalogue.customers where customer_id = $1', [
      customerId,
    ])
    expect(JSON.stringify(rows)).not.toContain('Ada')
    expect((await fetch(address, { method: 'DELETE' })).status).toBe(204)
    expect((await fetch(address)).status).toBe(410)
    expect((await register(key)).status).toBe(410)
  })
})
