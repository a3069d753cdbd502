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

/** A product of this test only, priced in euros; the catalogue's rows are written as an operator writes them. */
async function sell(priceMinor: number): Promise<string> {
  const sku = `test-${randomUUID()}`
  await pool.query(
    `insert into catalogue.products (sku, name, price_minor, currency) values ($1, 'Stool', $2, 'EUR')`,
    [sku, priceMinor],
  )
  return sku
}

const reprice = (sku: string, priceMinor: number) =>
  pool.query('update catalogue.products set price_minor = $2 where sku = $1', [sku, priceMinor])

describe('the price of an order', () => {
  test('is the catalogue’s: one that the client made up is refused with the right one', async () => {
    const customerId = randomUUID()
    const lines = [
      { sku: 'desk-02', quantity: 1, priceMinor: 1 },
      { sku: 'mug-04', quantity: 3, priceMinor: 1_250 },
    ]
    const refused = await postOrder(ordersUrl, orderBody({ customerId, lines }))
    expect([refused.status, refused.body.type]).toEqual([
      409,
      'urn:ten-seams:problem:price-differs',
    ])
    expect(refused.body.prices).toEqual([
      { sku: 'desk-02', shownMinor: 1, priceMinor: 38_900, priceVersion: 1 },
    ])
    expect(await placedBy(pool, customerId)).toBe(0)
  })

  test('may change between showing and ordering: the customer is asked again, and pays what was shown', async () => {
    const sku = await sell(500)
    const at = (priceMinor: number) => orderBody({ lines: [{ sku, quantity: 2, priceMinor }] })
    const key = randomUUID()
    const first = await postOrder(ordersUrl, at(500), key)
    expect([first.status, first.body.totalMinor]).toEqual([201, 1_000])
    await reprice(sku, 700)
    const refused = await postOrder(ordersUrl, at(500))
    expect(refused.body).toMatchObject({
      status: 409,
      prices: [{ sku, shownMinor: 500, priceMinor: 700, priceVersion: 2 }],
    })
    const accepted = await postOrder(ordersUrl, at(700))
    expect([accepted.status, accepted.body.totalMinor]).toEqual([201, 1_400])
    // The first order is still the first order, whatever the price is now.
    const again = await postOrder(ordersUrl, at(500), key)
    expect([again.status, again.body]).toEqual([201, first.body])
  })

  test('needs a product that is sold, in the currency of the order', async () => {
    const sku = await sell(500)
    const order = (currency: string) =>
      postOrder(ordersUrl, orderBody({ currency, lines: [{ sku, quantity: 1, priceMinor: 500 }] }))
    const elsewhere = await order('CHF')
    expect([elsewhere.status, elsewhere.body.type]).toEqual([
      422,
      'urn:ten-seams:problem:product-unknown',
    ])
    await pool.query('delete from catalogue.products where sku = $1', [sku])
    expect((await order('EUR')).status).toBe(422)
    expect((await fetch(`${ordersUrl}/products/${sku}`)).status).toBe(404)
  })

  test('has a version for each change, also in another currency, which are kept', async () => {
    const sku = await sell(500)
    await reprice(sku, 500)
    await reprice(sku, 600)
    await pool.query(`update catalogue.products set name = 'Bench' where sku = $1`, [sku])
    await pool.query(`call catalogue.set_price($1, 'JPY', 900)`, [sku])
    const shown = await (await fetch(`${ordersUrl}/products/${sku}`)).json()
    expect(shown).toEqual({
      sku,
      name: 'Bench',
      prices: [
        { currency: 'EUR', priceMinor: 600, priceVersion: 2 },
        { currency: 'JPY', priceMinor: 900, priceVersion: 1 },
      ],
    })
    await pool.query(
      `update catalogue.products set currency = 'USD', price_minor = 650 where sku = $1`,
      [sku],
    )
    const { rows } = await pool.query(
      `select currency || ' ' || price_version || ' ' || coalesce(price_minor::text, 'ended') as price
         from catalogue.prices where sku = $1 order by currency, price_version`,
      [sku],
    )
    expect(rows.map(({ price }) => price)).toEqual([
      'EUR 1 500',
      'EUR 2 600',
      'EUR 3 ended',
      'JPY 1 900',
      'USD 1 650',
    ])
  })
})
