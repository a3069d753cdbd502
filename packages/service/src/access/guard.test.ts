import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildServer, type Server } from '../server.ts'
import { accessInMemory } from '../testing/access.ts'
import type { Use } from './audit-log.ts'

const rights = {
  'GET /products': 'public',
  'GET /books': { role: 'reader' },
  'POST /barriers': { role: 'operator', also: ['auditor'] },
  'PUT /faults': { role: 'admin' },
  'POST /payments': { only: ['payments'] },
} as const

const callers = {
  'token-of-reader': { identity: 'reader', role: 'reader' },
  'token-of-operator': { identity: 'operator', role: 'operator' },
  'token-of-admin': { identity: 'admin', role: 'admin' },
  'token-of-auditor': { identity: 'auditor', role: 'reader' },
  'token-of-payments': { identity: 'payments' },
} as const

let server: Server
let uses: Use[]
let effects: number

beforeEach(() => {
  uses = []
  effects = 0
  server = serve(rights)
  const work = () => {
    effects += 1
    return { done: true }
  }
  server.get('/products', work)
  server.get('/books', work)
  server.post('/barriers', work)
  server.put('/faults', work)
  server.post('/payments', work)
})

afterEach(() => server.close())

function serve(declared: Parameters<typeof accessInMemory>[0]['rights'] = {}): Server {
  const access = accessInMemory({ rights: declared, callers, uses })
  return buildServer({
    ...{ name: 'test', logLevel: 'silent', metrics: new Registry(), ready: {} },
    access,
  })
}

type Name = 'reader' | 'operator' | 'admin' | 'auditor' | 'payments' | 'nobody' | 'stranger'

function ask(route: string, name: Name = 'nobody', headers: Record<string, string> = {}) {
  const [method, url] = route.split(' ') as ['GET' | 'POST' | 'PUT', string]
  const own = name === 'nobody' ? {} : { authorization: `Bearer token-of-${name}` }
  return server.inject({ method, url, headers: { ...own, ...headers } })
}

describe('a route is used by those only for whom it is declared', () => {
  test.each<[string, readonly Name[]]>([
    ['GET /products', ['nobody', 'reader', 'operator', 'admin', 'auditor', 'payments']],
    ['GET /books', ['reader', 'operator', 'admin', 'auditor']],
    ['POST /barriers', ['operator', 'admin', 'auditor']],
    ['PUT /faults', ['admin']],
    ['POST /payments', ['payments']],
    ['GET /metrics', ['reader', 'operator', 'admin', 'auditor']],
    ['GET /health/ready', ['nobody', 'reader', 'payments']],
  ])('%s', async (route, allowed) => {
    const names: Name[] = ['nobody', 'reader', 'operator', 'admin', 'auditor', 'payments']
    for (const name of names) {
      if (route === 'GET /health/ready' && !allowed.includes(name)) continue
      const { statusCode } = await ask(route, name)
      const refusal = name === 'nobody' ? 401 : 403
      expect([name, statusCode]).toEqual([name, allowed.includes(name) ? 200 : refusal])
      expect([name, (await ask(route, 'stranger')).statusCode]).toEqual([name, 401])
    }
  })

  test('and a refused request has no effect', async () => {
    await ask('PUT /faults', 'operator')
    await ask('PUT /faults')
    await ask('PUT /faults', 'stranger')
    expect(effects).toBe(0)
  })

  test('HEAD is as GET', async () => {
    const head = (headers: Record<string, string>) =>
      server.inject({ method: 'HEAD', url: '/books', headers })
    expect((await head({})).statusCode).toBe(401)
    expect((await head({ authorization: 'Bearer token-of-reader' })).statusCode).toBe(200)
  })
})

describe('a refusal says the next step', () => {
  test('401 without a token, with a challenge and who may', async () => {
    const answer = await ask('POST /barriers')
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="ten-seams"')
    expect(answer.json().type).toBe('urn:ten-seams:problem:token-missing')
    expect(answer.json().detail).toMatch(
      /role operator or admin, or the identity auditor, may\..*Authorization/,
    )
  })

  test('401 with a token that is not known, and its challenge says so', async () => {
    const answer = await ask('POST /barriers', 'stranger')
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
    expect(answer.json().type).toBe('urn:ten-seams:problem:token-unknown')
    expect(answer.body).not.toContain('token-of-stranger')
  })

  test('403 for an identity that may not, and names it', async () => {
    const answer = await ask('PUT /faults', 'reader')
    expect([answer.statusCode, answer.json().type]).toEqual([
      403,
      'urn:ten-seams:problem:not-permitted',
    ])
    expect(answer.json().detail).toMatch(/You are reader.*role admin/)
  })

  test.each([
    'token-of-reader',
    'Basic cmVhZGVyOng=',
    'Bearer',
    'Bearer a b',
    'Bearer token-of-reader, Bearer token-of-reader',
    `Bearer ${'x'.repeat(5_000)}`,
    'Bearer __proto__',
  ])('what is no bearer token is refused, on public routes, too: %s', async (authorization) => {
    expect((await ask('GET /books', 'nobody', { authorization })).statusCode).toBe(401)
    expect((await ask('GET /products', 'nobody', { authorization })).statusCode).toBe(401)
  })

  test.each(['bearer token-of-reader', 'BEARER   token-of-reader'])(
    'the scheme has no case: %s',
    async (authorization) => {
      expect((await ask('GET /books', 'nobody', { authorization })).statusCode).toBe(200)
    },
  )

  test.each([
    'access_token=token-of-reader',
    'token=token-of-reader',
    'TOKEN=x',
    'a=1&authorization=Bearer%20token-of-reader',
    'access%5Ftoken=token-of-reader',
  ])('a token in the address is refused, and not repeated: %s', async (query) => {
    for (const route of ['GET /books', 'GET /products']) {
      const answer = await ask(`${route}?${query}`, 'reader')
      expect([answer.statusCode, answer.json().type]).toEqual([
        400,
        'urn:ten-seams:problem:token-in-address',
      ])
      expect(answer.body).not.toContain('token-of-reader')
    }
    expect(JSON.stringify(uses)).not.toContain('token-of-reader')
  })
})

describe('a service starts only when its routes and their rights agree', () => {
  test('and says which route has no right', async () => {
    const other = serve({ 'GET /declared': 'public' })
    other.get('/declared', () => ({}))
    other.route({ method: ['PUT', 'DELETE'], url: '/forgotten', handler: () => ({}) })
    await expect(other.listen({ port: 0 })).rejects.toThrow(
      /PUT \/forgotten has no declared right; DELETE \/forgotten has no declared right/,
    )
  })

  test('and says which right has no route', async () => {
    const other = serve({ 'GET /gone': { role: 'reader' } })
    await expect(other.ready()).rejects.toThrow('GET /gone has a right, and does not exist')
  })

  test('whatever a route says of itself', async () => {
    const other = serve()
    other.get('/own', { config: { access: 'public' } }, () => ({}))
    await expect(other.ready()).rejects.toThrow('GET /own has no declared right')
  })
})

describe('the audit log has every use of a control route', () => {
  test('who, what, when, from where, and how it ended', async () => {
    await ask('POST /barriers', 'auditor')
    const [use] = uses
    expect(use).toMatchObject({
      ...{ service: 'test', identity: 'auditor', role: 'reader' },
      ...{ method: 'POST', route: '/barriers', path: '/barriers' },
      ...{ outcome: 'allowed', status: 200, reason: null },
    })
    expect(use?.from).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(use?.requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(Date.parse(use?.at ?? '')).toBeGreaterThan(Date.now() - 60_000)
    expect(use?.at.endsWith('Z')).toBe(true)
  })

  test('the refused ones as well, by whatever they were refused', async () => {
    await ask('PUT /faults', 'reader')
    await ask('PUT /faults')
    await ask('GET /products', 'stranger')
    await ask('POST /payments', 'reader')
    await ask('POST /barriers', 'operator', { host: 'evil.example' })
    await ask('POST /barriers', 'operator', { origin: 'https://evil.example' })
    expect(uses.map(({ outcome, status }) => `${outcome} ${status}`)).toEqual([
      'refused 403',
      'refused 401',
      'refused 401',
      'refused 403',
      'refused 421',
      'refused 403',
    ])
  })

  test('one that fails, with its status', async () => {
    const other = serve({ 'GET /broken': { role: 'reader' } })
    other.get('/broken', () => {
      throw new Error('broken')
    })
    await other.inject({ url: '/broken', headers: { authorization: 'Bearer token-of-reader' } })
    expect(uses).toMatchObject([{ outcome: 'allowed', status: 500 }])
    await other.close()
  })

  test('and nothing of public routes, or of what payments is allowed', async () => {
    await ask('GET /products')
    await ask('GET /health/live')
    await ask('POST /payments', 'payments')
    await ask('GET /nowhere')
    expect(uses).toEqual([])
  })

  test('and no query, header or body', async () => {
    await ask('GET /books?customer=secret-one', 'reader', { 'x-other': 'secret-two' })
    expect(JSON.stringify(uses)).not.toContain('secret')
  })
})

test('every answer has the headers that keep a browser from using it as a page', async () => {
  for (const [route, name] of [
    ['GET /products', 'nobody'],
    ['GET /books', 'nobody'],
    ['GET /nowhere', 'nobody'],
  ] as const) {
    const { headers } = await ask(route, name)
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    })
    expect(headers).not.toHaveProperty('strict-transport-security')
  }
  const foreign = await ask('GET /products', 'nobody', { host: 'evil.example' })
  expect(foreign.headers).toMatchObject({ 'x-content-type-options': 'nosniff' })
})
