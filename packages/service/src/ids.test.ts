import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalId, Id } from './ids.ts'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const id = '0198c0de-aaaa-7bbb-8ccc-0000deadbeef'

const spellings = [
  id,
  id.toUpperCase(),
  `urn:uuid:${id}`,
  `URN:UUID:${id.toUpperCase()}`,
  `{${id}}`,
  `{${id.toUpperCase()}}`,
  `urn:uuid:{${id}}`,
]

const noIds = [
  '',
  'nonsense',
  id.slice(1),
  `${id}0`,
  id.replaceAll('-', ''),
  `{${id}`,
  `${id}}`,
  `{{${id}}}`,
  `uuid:${id}`,
  ` ${id}`,
  `${id}\n`,
  id.replace('0', 'g'),
]

describe('an id', () => {
  test.each(spellings)('has one canonical spelling: %s', (spelling) => {
    expect(canonicalId(spelling)).toBe(id)
  })

  test.each(noIds)('is nothing else: "%s"', (text) => {
    expect(canonicalId(text)).toBeUndefined()
  })
})

describe('a route sees ids in their canonical spelling only', () => {
  let server: Server
  const seen: unknown[] = []

  beforeAll(() => {
    const access = openToAll('POST /things', 'GET /things', 'GET /things/:id')
    server = buildServer({
      name: 'test',
      logLevel: 'fatal',
      metrics: new Registry(),
      ready: {},
      access,
    })
    const body = Type.Object({ ids: Type.Array(Id()), customer: Type.Object({ id: Id() }) })
    server.post('/things', { schema: { body } }, (request) => {
      seen.push(...request.body.ids, request.body.customer.id)
      return {}
    })
    server.get('/things/:id', { schema: { params: Type.Object({ id: Id() }) } }, (request) => {
      seen.push(request.params.id)
      return {}
    })
    const querystring = Type.Object({ id: Type.Optional(Id()) })
    server.get('/things', { schema: { querystring } }, (request) => {
      seen.push(request.query.id)
      return {}
    })
  })

  afterAll(() => server.close())

  test.each(spellings)('in the path, the query and the body: %s', async (spelling) => {
    seen.length = 0
    const text = encodeURIComponent(spelling)
    const payload = { ids: [spelling, spelling], customer: { id: spelling } }
    expect((await server.inject(`/things/${text}`)).statusCode).toBe(200)
    expect((await server.inject(`/things?id=${text}`)).statusCode).toBe(200)
    expect((await server.inject({ method: 'POST', url: '/things', payload })).statusCode).toBe(200)
    expect(seen).toEqual(Array.from({ length: 5 }, () => id))
  })

  test.each(noIds.filter((text) => text !== ''))('what is none is refused: "%s"', async (text) => {
    expect((await server.inject(`/things/${encodeURIComponent(text)}`)).statusCode).toBe(400)
    const payload = { ids: [text], customer: { id } }
    expect((await server.inject({ method: 'POST', url: '/things', payload })).statusCode).toBe(400)
  })
})
