import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterEach, describe, expect, test } from 'vitest'
import type { Limits } from './access/limits.ts'
import { openApi, problems } from './api.ts'
import { IdempotencyHeaders, requireIdempotencyKey } from './idempotency.ts'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const access = openToAll('POST /things', 'GET /documentation/*')

let server: Server

afterEach(() => server.close())

async function serve(maxRequests: number, changes: Partial<Limits> = {}): Promise<void> {
  server = buildServer({
    name: 'test',
    logLevel: 'fatal',
    metrics: new Registry(),
    ready: {},
    access,
  })
  const limits = {
    ...{ maxRequests, maxKnownRequests: 4, maxCustomerWrites: 1_000, windowMs: 60_000 },
    ...changes,
  }
  await openApi(server, { title: 'Things', description: 'For tests.', version: '1', limits })
  server.post(
    '/things',
    {
      preValidation: requireIdempotencyKey,
      schema: {
        summary: 'Makes a thing',
        headers: IdempotencyHeaders,
        body: Type.Object({ amount: Type.Integer() }, { additionalProperties: false }),
        response: { 201: Type.Object({ amount: Type.Integer() }), ...problems(400) },
      },
    },
    async (request, reply) => reply.code(201).send({ amount: request.body.amount }),
  )
}

const post = (headers = { 'idempotency-key': 'k' }, payload: object = { amount: 1 }) =>
  server.inject({ method: 'POST', url: '/things', headers, payload })

describe('a published interface', () => {
  test('describes itself in OpenAPI 3.1, from the schemas that validate it', async () => {
    await serve(10)
    const document = (await server.inject('/documentation/json')).json()
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(Object.keys(document.paths)).toEqual(['/things'])
    const { post: operation } = document.paths['/things']
    expect(operation.requestBody.content['application/json'].schema).toMatchObject({
      required: ['amount'],
      additionalProperties: false,
    })
    expect(operation.parameters).toMatchObject([{ in: 'header', name: 'idempotency-key' }])
    expect(Object.keys(operation.responses)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '421',
      '429',
      '431',
      '503',
    ])
    expect((await server.inject('/documentation')).statusCode).toBe(200)
  })

  test('names the scheme of tokens, which no described route requires', async () => {
    await serve(10)
    const document = (await server.inject('/documentation/json')).json()
    expect(document.components.securitySchemes.token).toMatchObject({
      ...{ type: 'http', scheme: 'bearer' },
    })
    expect(document.security).toEqual([{}, { token: [] }])
  })

  test('shows a page that runs its own scripts only, within no frame of another page', async () => {
    await serve(10)
    const policy = (await server.inject('/documentation')).headers['content-security-policy']
    expect(policy).toMatch(/default-src 'self'; .*frame-ancestors 'none'/)
    expect(policy).not.toContain('script-src')
  })

  test('answers 429 with retry-after to a client that sends too many requests, and to no other', async () => {
    await serve(2)
    expect((await post()).statusCode).toBe(201)
    expect((await post()).headers['ratelimit-remaining']).toBe('0')
    const refused = await post()
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['content-type']).toContain('application/problem+json')
    expect(refused.json()).toMatchObject({
      type: 'urn:ten-seams:problem:too-many-requests',
      status: 429,
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await server.inject('/health/live')).statusCode).toBe(200)
    const other = await server.inject({
      method: 'POST',
      url: '/things',
      remoteAddress: '192.0.2.1',
      headers: { 'idempotency-key': 'k' },
      payload: { amount: 1 },
    })
    expect(other.statusCode).toBe(201)
  })

  test('distinguishes a missing or invalid Idempotency-Key from a bad body', async () => {
    await serve(100)
    for (const key of ['', 'a b', 'ä', 'x'.repeat(201)]) {
      const answer = await post({ 'idempotency-key': key }, { amount: 'no' })
      expect(answer.json().type).toBe('urn:ten-seams:problem:idempotency-key-missing')
    }
    expect((await post(undefined, { amount: 'no' })).json().type).toBe(
      'urn:ten-seams:problem:invalid',
    )
  })

  test('answers with problem details where no route matches', async () => {
    await serve(100)
    for (const [url, status] of [
      ['/%zz', 400],
      ['/nowhere', 404],
    ] as const) {
      const answer = await server.inject(url)
      expect(answer.statusCode).toBe(status)
      expect(answer.headers['content-type']).toContain('application/problem+json')
    }
  })
})
