import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildServer, type Server } from './server.ts'
import { accessInMemory } from './testing/access.ts'

let server: Server
let isUp = true

beforeEach(() => {
  const metrics = new Registry()
  server = buildServer({
    name: 'test',
    logLevel: 'fatal',
    metrics,
    access: accessInMemory({
      rights: { 'POST /things': 'public', 'GET /outage': 'public', 'GET /mistake': 'public' },
      callers: { 'token-of-reader': { identity: 'reader', role: 'reader' } },
    }),
    ready: {
      postgres: () => {
        if (!isUp) throw new Error('away')
      },
    },
  })
  const body = Type.Object({ amount: Type.Integer() }, { additionalProperties: false })
  server.post('/things', { schema: { body } }, () => ({ done: true }))
  server.get('/outage', () => {
    throw Object.assign(new Error('secret of the server'), { retriable: true })
  })
  server.get('/mistake', () => {
    throw new Error('secret of the server')
  })
})

afterEach(() => server.close())

const asReader = { authorization: 'Bearer token-of-reader' }

const post = (payload: object) => server.inject({ method: 'POST', url: '/things', payload })

describe('every service', () => {
  test('refuses what its schema does not allow, with problem details', async () => {
    for (const body of [{ amount: 1, more: 2 }, { amount: '1' }, { amount: 1.5 }, {}]) {
      const answer = await post(body)
      expect(answer.statusCode).toBe(400)
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(answer.json()).toMatchObject({ status: 400, type: 'urn:ten-seams:problem:invalid' })
    }
    expect((await post({ amount: 1 })).statusCode).toBe(200)
  })

  test('answers a body full of mistakes with a few of them, however many there are', async () => {
    const names = Array.from({ length: 3_000 }, (_, index) => [`unknown-${index}`, 1])
    const long = { ['x'.repeat(40_000)]: 1 }
    for (const body of [Object.fromEntries(names), { amount: 1, ...long }]) {
      expect(JSON.stringify(body).length).toBeGreaterThan(40_000)
      const answer = await post(body)
      expect(answer.statusCode).toBe(400)
      expect(answer.body.length).toBeLessThan(2_000)
    }
    const address = await server.inject(`/${'x'.repeat(10_000)}`)
    expect([address.statusCode, address.body.length < 2_000]).toEqual([404, true])
  })

  test('answers 503 with retry-after while a dependency is unavailable, without internal messages', async () => {
    const outage = await server.inject('/outage')
    expect([outage.statusCode, outage.headers['retry-after']]).toEqual([503, '1'])
    const mistake = await server.inject('/mistake')
    expect(mistake.statusCode).toBe(500)
    expect(outage.body + mistake.body).not.toContain('secret')
  })

  test('is always live, and ready only when its dependencies are', async () => {
    isUp = false
    expect((await server.inject('/health/live')).statusCode).toBe(200)
    expect((await server.inject('/health/ready')).statusCode).toBe(503)
    isUp = true
    expect((await server.inject('/health/ready')).statusCode).toBe(200)
  })

  test('tells why it is not ready to readers only', async () => {
    isUp = false
    const anybody = await server.inject('/health/ready')
    expect(anybody.body).not.toContain('postgres')
    expect((await server.inject('/health/detail')).statusCode).toBe(401)
    const reader = await server.inject({ url: '/health/detail', headers: asReader })
    expect([reader.statusCode, reader.json().detail]).toEqual([503, 'postgres: away'])
    isUp = true
    const ready = await server.inject({ url: '/health/detail', headers: asReader })
    expect(ready.json()).toEqual({ status: 'ready', checked: ['postgres'] })
  })

  test('counts its responses', async () => {
    await post({ amount: 1 })
    expect((await server.inject({ url: '/metrics', headers: asReader })).body).toContain(
      'tenseams_http_request_duration_seconds_count{method="POST",route="/things",status="200"} 1',
    )
  })
})
