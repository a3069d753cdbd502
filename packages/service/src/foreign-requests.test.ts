import { Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

let server: Server

afterEach(() => server.close())

function serve(allowedHosts: readonly string[] = []): void {
  const base = {
    name: 'test',
    logLevel: 'fatal',
    metrics: new Registry(),
    ready: {},
    access: openToAll('POST /barriers'),
  }
  server = buildServer({ ...base, allowedHosts })
  server.post('/barriers', async (_request, reply) => reply.code(201).send({ done: true }))
}

type Headers = Readonly<Record<string, string>>

const barrier = async (headers: Headers) =>
  (await server.inject({ method: 'POST', url: '/barriers', headers })).statusCode

describe('a request that names another host', () => {
  test.each([
    'evil.example',
    'evil.example:20000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost.',
    '2130706433',
    '127.1',
    '[::2]',
    '10.0.0.1',
  ])('is refused with 421 on every route: %s', async (host) => {
    serve()
    expect(await barrier({ host })).toBe(421)
    for (const url of ['/health/live', '/metrics', '/nowhere']) {
      const answer = await server.inject({ url, headers: { host } })
      expect(answer.statusCode).toBe(421)
      expect(answer.headers['content-type']).toContain('application/problem+json')
    }
  })

  test.each([
    '127.0.0.1',
    '127.0.0.1:20000',
    '127.9.9.9:1',
    'localhost:80',
    'LocalHost',
    '[::1]:9',
  ])('is answered when it is a name of the loopback interface: %s', async (host) => {
    serve()
    expect(await barrier({ host })).toBe(201)
  })

  test.each(['a b', 'user@localhost', 'localhost/x', 'localhost:x', 'localhost, evil.example'])(
    'is refused with 400 when Host is no host: "%s"',
    async (host) => {
      serve()
      expect(await barrier({ host })).toBe(400)
    },
  )

  test('is answered when the settings allow the name, in any case', async () => {
    serve(['a.internal', ' Pulse.internal'])
    expect(await barrier({ host: 'pulse.INTERNAL:8080' })).toBe(201)
    expect(await barrier({ host: 'other.internal' })).toBe(421)
  })
})

describe('a request that a browser sends for a page', () => {
  test.each<[string, Headers]>([
    ['of another site', { origin: 'https://evil.example' }],
    ['of another port of this machine', { origin: 'http://127.0.0.1:3000' }],
    ['of another name of this machine', { origin: 'http://localhost:20000' }],
    ['without an origin of its own', { origin: 'null' }],
    ['with two origins', { origin: 'http://127.0.0.1:20000 http://127.0.0.1:20000' }],
    ['from a file', { origin: 'file://' }],
    ['of another site, without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['of another service here, without Origin', { 'sec-fetch-site': 'same-site' }],
    [
      'of another site, as a form',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ],
  ])('%s is refused with 403', async (_, headers) => {
    serve()
    expect(await barrier({ host: '127.0.0.1:20000', ...headers })).toBe(403)
  })

  test('of another site is refused when it reads, unless somebody follows a link', async () => {
    serve()
    const read = (headers: Headers) =>
      server.inject({
        url: '/health/live',
        headers: { 'sec-fetch-site': 'cross-site', ...headers },
      })
    expect((await read({ 'sec-fetch-mode': 'no-cors' })).statusCode).toBe(403)
    expect((await read({})).statusCode).toBe(403)
    expect((await read({ 'sec-fetch-mode': 'navigate' })).statusCode).toBe(200)
  })

  test.each<[string, Headers]>([
    ['of our own', { origin: 'http://127.0.0.1:20000', 'sec-fetch-site': 'same-origin' }],
    ['of our own behind TLS', { origin: 'https://127.0.0.1:20000' }],
    ['that somebody typed', { 'sec-fetch-site': 'none' }],
  ])('%s is answered', async (_, headers) => {
    serve()
    expect(await barrier({ host: '127.0.0.1:20000', ...headers })).toBe(201)
  })
})
