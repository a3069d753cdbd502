import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openApi } from './api.ts'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const access = openToAll(
  'GET /orders',
  'POST /orders',
  'GET /orders/:orderId',
  'POST /orders/:orderId/cancellation',
  'PUT /faults',
  'DELETE /faults',
  'GET /documentation/*',
)

let server: Server

beforeEach(async () => {
  server = buildServer({
    name: 'test',
    logLevel: 'fatal',
    metrics: new Registry(),
    ready: {},
    access,
  })
  const most = 1_000
  const limits = {
    ...{ maxRequests: most, maxKnownRequests: most, maxCustomerWrites: most, windowMs: 60_000 },
  }
  await openApi(server, { title: 'T', description: 'T', version: '1', limits })
  server.get('/orders', () => ({}))
  server.post('/orders', () => ({}))
  server.get('/orders/:orderId', () => ({}))
  server.post('/orders/:orderId/cancellation', () => ({}))
  server.route({ method: ['PUT', 'DELETE'], url: '/faults', handler: () => ({}) })
})

afterEach(() => server.close())

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS' | 'TRACE'

describe('a method that an address does not have', () => {
  test.each<[Method, string, string]>([
    ['DELETE', '/orders', 'GET, HEAD, POST'],
    ['PATCH', '/orders?status=placed', 'GET, HEAD, POST'],
    ['OPTIONS', '/orders', 'GET, HEAD, POST'],
    ['TRACE', '/orders', 'GET, HEAD, POST'],
    ['POST', '/orders/o-1', 'GET, HEAD'],
    ['GET', '/orders/o-1/cancellation', 'POST'],
    ['GET', '/faults', 'DELETE, PUT'],
    ['POST', '/order%73/o%2F1', 'GET, HEAD'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['PUT', '/metrics', 'GET, HEAD'],
    ['DELETE', '/documentation/json', 'GET, HEAD'],
  ])('is answered 405 with Allow: %s %s', async (method, url, allow) => {
    const answer = await server.inject({ method: method as 'GET', url })
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow])
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  test('is answered so before its body is looked at', async () => {
    const request = { method: 'PUT', url: '/orders', payload: '{"a":' } as const
    for (const type of ['application/json', 'application/xml']) {
      const answer = await server.inject({ ...request, headers: { 'content-type': type } })
      expect(answer.statusCode).toBe(405)
    }
  })
})

test.each(['/nowhere', '/orders/', '/orders/o-1/cancellation/more', '/order', '/'])(
  'an address without any method is not found: %s',
  async (url) => {
    const answer = await server.inject({ method: 'POST', url })
    expect([answer.statusCode, answer.headers.allow]).toEqual([404, undefined])
  },
)
