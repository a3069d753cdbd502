import { openPool } from '@tenseams/event-store/pool'
import { routeRights } from '@tenseams/identities/routes'
import { openApi } from '@tenseams/service/api'
import { buildServer, type Server } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancellationRoutes } from './cancellation-routes.ts'
import { customerRoutes } from './customer-routes.ts'
import { listRoutes } from './list-routes.ts'
import type { OrderLog } from './log.ts'
import { orderRoutes } from './order-routes.ts'
import { productRoutes } from './product-routes.ts'

const publicRights = Object.fromEntries(
  Object.entries(routeRights.orders).filter(([, access]) => access === 'public'),
)

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  // Nobody listens there: what comes through the checks of a route is answered 503.
  pool = openPool({ url: 'postgres://nobody@127.0.0.1:1/none', credentialsFile: '/none' }, 'test')
  const base = { name: 'test', logLevel: 'silent', metrics: openMetrics('test'), ready: {} }
  server = buildServer({ ...base, access: accessInMemory({ rights: publicRights }) })
  const most = 1_000
  const limits = {
    ...{ maxRequests: most, maxKnownRequests: most, maxCustomerWrites: most, windowMs: 60_000 },
  }
  await openApi(server, { title: 'Orders', description: 'Orders', version: '1', limits })
  // Never reached here: a price is read before an order is decided on.
  const log = {} as OrderLog
  orderRoutes(server, { pool, log })
  productRoutes(server, pool)
  listRoutes(server, pool)
  cancellationRoutes(server, { pool, log })
  customerRoutes(server, { shop: pool, vault: pool })
})

afterAll(async () => {
  await server.close()
  await pool.end()
})

const id = '0198c0de-0000-7000-8000-000000000001'
const customer = { name: 'Ada', email: 'ada@example.com', segment: 'consumer' }
const order = {
  customerId: id,
  currency: 'EUR',
  paymentMethod: 'card',
  lines: [{ sku: 'desk-02', quantity: 1, priceMinor: 38_900 }],
}
const key = { 'idempotency-key': 'k' }

const post = (url: string, payload: object, headers = {}) =>
  server.inject({ method: 'POST', url, payload, headers })

type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean }

describe('the OpenAPI document asks for what the server asks for', () => {
  const parametersOf = async (path: string, method: string): Promise<readonly Parameter[]> => {
    const document = (await server.inject('/documentation/json')).json()
    return document.paths[path][method].parameters
  }

  test('an Idempotency-Key for everything that has an effect', async () => {
    for (const path of ['/orders', '/orders/{orderId}/cancellation', '/customers']) {
      expect(await parametersOf(path, 'post')).toContainEqual(
        expect.objectContaining({ in: 'header', name: 'idempotency-key', required: true }),
      )
    }
  })

  test('and says how long a key lives', async () => {
    const { paths } = (await server.inject('/documentation/json')).json()
    for (const path of ['/orders', '/customers', '/orders/{orderId}/cancellation']) {
      expect(paths[path].post.description).toContain('A key lives for at least 24 hours')
    }
  })

  test('If-Match for a cancellation, whose absence is 428', async () => {
    expect(await parametersOf('/orders/{orderId}/cancellation', 'post')).toContainEqual(
      expect.objectContaining({ in: 'header', name: 'if-match', required: true }),
    )
    const answer = await post(`/orders/${id}/cancellation`, { reason: 'mistake' }, key)
    expect([answer.statusCode, answer.json().type]).toEqual([
      428,
      'urn:ten-seams:problem:if-match-missing',
    ])
  })

  test('nothing to list orders, which needs no filter', async () => {
    const required = (await parametersOf('/orders', 'get')).filter((one) => one.required)
    expect(required).toEqual([])
    expect((await server.inject('/orders')).statusCode).toBe(503)
  })
})

describe('a customer', () => {
  test('is not registered without an Idempotency-Key', async () => {
    const answer = await post('/customers', customer)
    expect([answer.statusCode, answer.json().type]).toEqual([
      400,
      'urn:ten-seams:problem:idempotency-key-missing',
    ])
    expect((await post('/customers', customer, key)).statusCode).toBe(503)
  })

  test('is looked for by an id in any spelling, and by nothing else', async () => {
    for (const spelling of [`urn:uuid:${id}`, id.toUpperCase(), `{${id}}`]) {
      for (const method of ['GET', 'DELETE'] as const) {
        const answer = await server.inject({ method, url: `/customers/${spelling}` })
        expect(answer.statusCode).toBe(503)
      }
    }
    expect((await server.inject('/customers/urn:uuid:nonsense')).statusCode).toBe(400)
  })
})

test('an order whose bytes or names are ambiguous is refused', async () => {
  const headers = { ...key, 'content-type': 'application/json' }
  const text = JSON.stringify(order)
  const bodies = [
    text.replace('"currency"', '"currency":"USD","currency"'),
    text.replace('"quantity"', '"quantity":9,"\\u0071uantity"'),
    Buffer.from(text.replace('desk-02', 'd\xe9sk'), 'latin1'),
  ]
  for (const payload of bodies) {
    const answer = await server.inject({ method: 'POST', url: '/orders', headers, payload })
    expect(answer.statusCode).toBe(400)
  }
  expect((await post('/orders', order, key)).statusCode).toBe(503)
})
