import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterEach, describe, expect, test } from 'vitest'
import { openApi } from '../api.ts'
import { buildServer, type Server } from '../server.ts'
import { accessInMemory } from '../testing/access.ts'
import type { Limits } from './limits.ts'

let server: Server

afterEach(() => server.close())

async function serve(limits: Partial<Limits>): Promise<void> {
  const rights = {
    'POST /orders': 'public',
    'POST /orders/:orderId/cancellation': 'public',
    'GET /orders': 'public',
    'GET /documentation/*': 'public',
    'POST /rebuild': { role: 'operator' },
  } as const
  const callers = {
    'token-of-load': { identity: 'load', role: 'operator' },
    'token-of-other': { identity: 'other', role: 'operator' },
  } as const
  server = buildServer({
    ...{ name: 'test', logLevel: 'silent', metrics: new Registry(), ready: {} },
    access: accessInMemory({ rights, callers }),
  })
  server.post('/rebuild', () => ({}))
  await openApi(server, {
    ...{ title: 'Things', description: 'For tests.', version: '1' },
    limits: {
      ...{ maxRequests: 100, maxKnownRequests: 100, maxCustomerWrites: 100, windowMs: 60_000 },
      ...limits,
    },
  })
  const body = Type.Object({ customerId: Type.String() })
  server.post('/orders', { schema: { body } }, () => ({}))
  server.post('/orders/:orderId/cancellation', () => ({}))
  server.get('/orders', () => ({}))
}

type Client = { readonly address?: string; readonly token?: string }

async function order(customerId: string, { address = '192.0.2.1', token }: Client = {}) {
  const { statusCode } = await server.inject({
    ...{ method: 'POST', url: '/orders', payload: { customerId }, remoteAddress: address },
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
  return statusCode
}

describe('a client is limited', () => {
  test('by its address, and not another one', async () => {
    await serve({ maxRequests: 2 })
    expect([await order('a'), await order('b'), await order('c')]).toEqual([200, 200, 429])
    expect(await order('a', { address: '192.0.2.2' })).toBe(200)
  })

  test('by the network of 64 bits in which its addresses are, since it has all of them', async () => {
    await serve({ maxRequests: 2 })
    const addresses = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1']
    const answers: number[] = []
    for (const address of addresses) answers.push(await order('a', { address }))
    expect(answers).toEqual([200, 200, 429, 200])
  })

  test('by its identity, from whichever address, and beside those without one', async () => {
    await serve({ maxRequests: 1, maxKnownRequests: 3 })
    expect([await order('a'), await order('a')]).toEqual([200, 429])
    const answers: number[] = []
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      answers.push(await order('a', { address, token: 'token-of-load' }))
    }
    expect(answers).toEqual([200, 200, 200, 429])
    expect(await order('a', { token: 'token-of-other' })).toBe(200)
  })

  test('by the customer for whom it writes, and other customers of its address are not', async () => {
    await serve({ maxCustomerWrites: 2 })
    expect([await order('a'), await order('a'), await order('a')]).toEqual([200, 200, 429])
    expect(await order('b')).toBe(200)
    expect(await order('a', { address: '192.0.2.2' })).toBe(200)
    expect(await order('a', { token: 'token-of-load' })).toBe(200)
    expect((await server.inject({ url: '/orders', remoteAddress: '192.0.2.1' })).statusCode).toBe(
      200,
    )
  })

  test('by the order that it changes', async () => {
    await serve({ maxCustomerWrites: 1 })
    const cancel = async (id: string) =>
      (await server.inject({ method: 'POST', url: `/orders/${id}/cancellation` })).statusCode
    expect([await cancel('1'), await cancel('1'), await cancel('2')]).toEqual([200, 429, 200])
  })

  test('and is told when to try again', async () => {
    await serve({ maxCustomerWrites: 1 })
    await order('a')
    const refused = await server.inject({
      ...{ method: 'POST', url: '/orders', payload: { customerId: 'a' } },
      remoteAddress: '192.0.2.1',
    })
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['content-type']).toContain('application/problem+json')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.json().type).toBe('urn:ten-seams:problem:too-many-requests')
  })

  test('and one that sends too much keeps no operator out', async () => {
    await serve({ maxRequests: 1, maxKnownRequests: 1 })
    const rebuild = () =>
      server.inject({
        ...{ method: 'POST', url: '/rebuild' },
        headers: { authorization: 'Bearer token-of-other' },
      })
    expect([await order('a'), await order('a')]).toEqual([200, 429])
    expect([(await rebuild()).statusCode, (await rebuild()).statusCode]).toEqual([200, 200])
  })
})

test('ten thousand customers more are counted in no more memory', async () => {
  await serve({ maxRequests: 1_000_000, maxCustomerWrites: 1 })
  expect(await order('first')).toBe(200)
  expect(await order('first')).toBe(429)
  for (let number = 0; number < 6_000; number += 1) await order(`customer-${number}`)
  // Forgotten, as the one that was not seen for longest.
  expect(await order('first')).toBe(200)
})
