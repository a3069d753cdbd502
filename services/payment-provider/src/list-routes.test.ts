import { openPool } from '@tenseams/event-store/pool'
import { routeRights } from '@tenseams/identities/routes'
import { buildServer, type Server } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Faults } from './faults.ts'
import { isCursor, listRoutes, sinceOf } from './list-routes.ts'
import { paymentRoutes } from './payment-routes.ts'

let server: Server
let pool: pg.Pool

beforeAll(() => {
  // Nobody listens there: what comes through the checks of a route is answered 503.
  pool = openPool({ url: 'postgres://nobody@127.0.0.1:1/none', credentialsFile: '/none' }, 'test')
  const base = { name: 'test', logLevel: 'silent', metrics: openMetrics('test'), ready: {} }
  const callers = { 'token-of-payments': { identity: 'payments' } }
  const access = accessInMemory({ rights: routeRights['payment-provider'], callers })
  server = buildServer({ ...base, access })
  listRoutes(server, pool)
  paymentRoutes(server, { pool, faults: new Faults() })
})

afterAll(async () => {
  await server.close()
  await pool.end()
})

const headers = { authorization: 'Bearer token-of-payments' }

describe('what Postgres would refuse is refused with 400', () => {
  test.each([
    '99999999999999999999-1',
    '18446744073709551616-1',
    '1-9223372036854775808',
    '1-9999999999999999999',
  ])('a cursor beyond its bounds: %s', async (after) => {
    expect((await server.inject({ url: `/payments?after=${after}`, headers })).statusCode).toBe(400)
  })

  test('a NUL in a text that is stored or looked for', async () => {
    const keyed = { ...headers, 'idempotency-key': 'k' }
    const payment = { reference: 'r', amountMinor: 1, currency: 'EUR', method: 'card' }
    for (const payload of [
      { ...payment, reference: 'a\0' },
      { ...payment, method: '\0' },
    ]) {
      const answer = await server.inject({
        method: 'POST',
        url: '/payments',
        headers: keyed,
        payload,
      })
      expect(answer.statusCode).toBe(400)
    }
    const payload = { references: ['r', 'a\0b'] }
    const answer = await server.inject({
      method: 'POST',
      url: '/payments/search',
      headers,
      payload,
    })
    expect(answer.statusCode).toBe(400)
  })

  test('but not what is valid', async () => {
    expect(
      (await server.inject({ url: '/payments?after=18446744073709551615-1', headers })).statusCode,
    ).toBe(503)
  })
})

test('the largest cursor is one', () => {
  expect(isCursor('18446744073709551615-9223372036854775807')).toBe(true)
})

test.each([
  ['0000-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ['2026-01-01T00:00:00+23:59', '2025-12-31T00:01:00.000Z'],
  ['2016-12-31T23:59:60Z', '1970-01-01T00:00:00.000Z'],
  ['2026-11-30T12:00:00.5Z', '2026-11-30T12:00:00.500Z'],
])('a time is read as Postgres can: %s', (time, read) => {
  expect(sinceOf(time)).toBe(read)
})
