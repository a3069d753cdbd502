import { openPool } from '@tenseams/event-store/pool'
import { routeRights } from '@tenseams/identities/routes'
import { openApi } from '@tenseams/service/api'
import { buildServer, type Server } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancellationRoutes } from './cancellation-routes.ts'
import { changeRoutes } from './change-routes.ts'
import { orderRoutes } from './order-routes.ts'
import { Orders } from './orders.ts'
import { productRoutes } from './product-routes.ts'

let server: Server
let pool: pg.Pool

const caller = { identity: 'reader', role: 'reader' } as const

beforeAll(async () => {
  // Nobody listens there: what comes through the checks of a route is answered 503.
  pool = openPool({ url: 'postgres://nobody@127.0.0.1:1/none', credentialsFile: '/none' }, 'test')
  const base = { name: 'test', logLevel: 'silent', metrics: openMetrics('test'), ready: {} }
  const access = accessInMemory({ rights: routeRights.legacy, callers: { token: caller } })
  server = buildServer({ ...base, access })
  changeRoutes(server, pool)
  const limits = {
    ...{ maxRequests: 100, maxKnownRequests: 100, maxCustomerWrites: 100, windowMs: 60_000 },
  }
  await openApi(server, { title: 'Orders', description: 'Orders', version: '1', limits })
  const orders = new Orders({ pool })
  productRoutes(server, pool)
  orderRoutes(server, { pool, orders })
  cancellationRoutes(server, { pool, orders })
})

afterAll(async () => {
  await server.close()
  await pool.end()
})

const orderId = '0198c0de-0000-7000-8000-000000000001'
const order = {
  customerId: orderId,
  currency: 'EUR',
  paymentMethod: 'card',
  lines: [{ sku: 'desk-02', quantity: 1, priceMinor: 38_900 }],
}
const key = { 'idempotency-key': 'k' }

const post = async (url: string, payload: object, headers = {}) => {
  const answer = await server.inject({ method: 'POST', url, payload, headers })
  return [answer.statusCode, answer.json().type.split(':').at(-1)]
}
const get = async (url: string, headers = {}) => {
  const answer = await server.inject({ method: 'GET', url, headers })
  return [answer.statusCode, answer.json().type.split(':').at(-1)]
}

test('an order needs an Idempotency-Key and a body that its schema allows', async () => {
  expect(await post('/orders', order)).toEqual([400, 'idempotency-key-missing'])
  expect(await post('/orders', { ...order, currency: 'XXX' }, key)).toEqual([400, 'invalid'])
  expect(await post('/orders', order, key)).toEqual([503, 'unavailable'])
})

test('a cancellation needs If-Match', async () => {
  const path = `/orders/${orderId}/cancellation`
  const body = { reason: 'mistake' }
  expect(await post(path, body, key)).toEqual([428, 'if-match-missing'])
  expect(await post(path, body, { ...key, 'if-match': '*' })).toEqual([503, 'unavailable'])
})

test('changes are for those who may look at the system, from a cursor that can be read', async () => {
  const authorization = 'Bearer token'
  expect(await get('/changes')).toEqual([401, expect.any(String)])
  expect(await get('/changes?after=soon', { authorization })).toEqual([400, 'cursor-malformed'])
  expect(await get('/changes?limit=0', { authorization })).toEqual([400, 'invalid'])
  expect(await get('/changes', { authorization })).toEqual([503, 'unavailable'])
})
