import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Kept, replayAnswer, requestHashOf } from './idempotency.ts'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const access = openToAll('POST /orders')

let server: Server
let kept: Kept | undefined

beforeEach(() => {
  server = buildServer({
    name: 'test',
    logLevel: 'fatal',
    metrics: new Registry(),
    ready: {},
    access,
  })
  server.post('/orders', (_request, reply) =>
    replayAnswer<string>(reply, kept, requestHashOf('order'), (to, answer) =>
      to.code(201).send(answer),
    ),
  )
})

afterEach(() => server.close())

const repeat = () => server.inject({ method: 'POST', url: '/orders' })

test('a repeat with a key that lives gets the first answer', async () => {
  kept = { requestHash: requestHashOf('order'), answer: 'first' }
  const answer = await repeat()
  expect([answer.statusCode, answer.body]).toEqual([201, 'first'])
  expect(answer.headers['idempotent-replayed']).toBe('true')
})

test('a repeat whose key expires at that moment is told so, and what to do', async () => {
  kept = undefined
  const answer = await repeat()
  expect(answer.statusCode).toBe(503)
  expect(answer.headers['retry-after']).toBe('1')
  expect(answer.json()).toMatchObject({ type: 'urn:ten-seams:problem:idempotency-key-expired' })
})
