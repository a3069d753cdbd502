import { buildServer, type Server } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findOrderAt, OrdersUnavailableError } from './order-lookup.ts'

const rights = { 'GET /orders/:orderId': 'public' } as const
const callers = { 'token-of-payments': { identity: 'payments' } }
const asPayments = async () => ({ authorization: 'Bearer token-of-payments' })

let server: Server
let url: string
let answer: { readonly status: number; readonly body: unknown }

beforeEach(async () => {
  const base = { name: 'test', logLevel: 'silent', metrics: openMetrics('test'), ready: {} }
  server = buildServer({ ...base, access: accessInMemory({ rights, callers }) })
  server.get('/orders/:orderId', (_request, reply) => reply.code(answer.status).send(answer.body))
  url = await server.listen({ host: '127.0.0.1', port: 0 })
})

afterEach(() => server.close())

const id = '0198c0de-0000-7000-8000-000000000001'
const body = { orderId: id, totalMinor: 500, currency: 'EUR' }

describe('what an order costs', () => {
  test('is what orders says', async () => {
    answer = { status: 200, body }
    expect(await findOrderAt(url, asPayments)(id)).toEqual({ amountMinor: 500n, currency: 'EUR' })
  })

  test('is nothing when orders knows no such order, or knows it by another id', async () => {
    answer = { status: 404, body: { type: 'urn:ten-seams:problem:order-unknown' } }
    expect(await findOrderAt(url, asPayments)(id)).toBeUndefined()
    answer = { status: 200, body }
    expect(await findOrderAt(url, asPayments)(id.toUpperCase())).toBeUndefined()
  })

  test.each([
    ['an outage', { status: 503, body: { type: 'urn:ten-seams:problem:unavailable' } }],
    ['a 404 of something else', { status: 404, body: { type: 'urn:ten-seams:problem:not-found' } }],
    ['a 404 without a reason', { status: 404, body: {} }],
    ['half an answer', { status: 200, body: { orderId: id } }],
    ['an amount beyond all bounds', { status: 200, body: { ...body, totalMinor: 2 ** 60 } }],
  ])('is not known after %s', async (_, given) => {
    answer = given
    await expect(findOrderAt(url, asPayments)(id)).rejects.toThrow(OrdersUnavailableError)
  })

  test('is not known when orders does not answer', async () => {
    await server.close()
    await expect(findOrderAt(url, asPayments)(id)).rejects.toMatchObject({ retriable: true })
  })
})
