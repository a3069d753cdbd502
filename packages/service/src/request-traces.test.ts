import { type Recorder, recordSpans } from '@tenseams/telemetry/testing/recorder'
import { HeadByRate } from '@tenseams/telemetry/tracing/head'
import { activeContext } from '@tenseams/telemetry/tracing/step'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildServer, type Server } from './server.ts'
import { accessInMemory } from './testing/access.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const from = (flags: string) => ({ traceparent: `00-${traceId}-${spanId}-${flags}` })
const asPayments = { authorization: 'Bearer token-of-payments' }

let recorder: Recorder
let server: Server | undefined

beforeEach(() => {
  recorder = recordSpans('orders')
})

afterEach(async () => {
  await server?.close()
  await recorder.close()
})

/** @param perSecond undefined when nothing is recorded. */
function serve(perSecond: number | undefined): Server {
  const head = perSecond === undefined ? undefined : new HeadByRate(perSecond, () => 0)
  server = buildServer({
    name: 'orders',
    logLevel: 'fatal',
    metrics: new Registry(),
    ready: {},
    access: accessInMemory({
      rights: {
        'POST /things/:id': 'public',
        'GET /fails': 'public',
        'GET /own': { role: 'reader' },
      },
      callers: { 'token-of-payments': { identity: 'payments', role: 'reader' } },
    }),
    tracing: { head, close: async () => undefined },
  })
  server.post('/things/:id', async ({ traceparent }) => {
    await new Promise(setImmediate)
    return { traceparent, active: activeContext()?.spanId }
  })
  server.get('/own', ({ traceparent }) => ({ traceparent }))
  server.get('/fails', () => {
    throw new Error('secret')
  })
  return server
}

const place = (headers = {}) => server?.inject({ method: 'POST', url: '/things/1?x=2', headers })

describe('a request', () => {
  test('is a span below the client’s, and is active while it is handled', async () => {
    serve(10)
    const answer = (await place(from('01')))?.json()
    const [span] = recorder.spans()
    expect(span).toMatchObject({
      ...{ traceId, parentId: spanId, name: 'POST /things/:id', kind: 'SERVER' },
      tags: { 'http.response.status_code': '200', 'http.route': '/things/:id' },
    })
    expect(answer).toEqual({ traceparent: `00-${traceId}-${span?.id}-01`, active: span?.id })
  })

  test.each([{}, { traceparent: 'nonsense' }])(
    'with the headers %o begins a trace',
    async (headers) => {
      serve(10)
      const answer = (await place(headers))?.json()
      const [span] = recorder.spans()
      expect(span?.parentId).toBeUndefined()
      expect(answer.traceparent).toBe(`00-${span?.traceId}-${span?.id}-01`)
    },
  )

  test('of the public cannot decide that it is recorded, nor that it is not', async () => {
    serve(1)
    const first = (await place(from('00')))?.json()
    const second = (await place(from('01')))?.json()
    expect(first.traceparent).toMatch(/-01$/)
    expect(second.traceparent).toBe(`00-${traceId}-${spanId}-00`)
    expect(recorder.spans()).toHaveLength(1)
  })

  test('of another service of ours is recorded when that one is', async () => {
    const url = '/own'
    const own = serve(0)
    for (const flags of ['01', '00']) {
      await own.inject({ url, headers: { ...asPayments, ...from(flags) } })
    }
    const [span, ...more] = recorder.spans()
    expect(span).toMatchObject({ traceId, parentId: spanId, name: 'GET /own' })
    expect(more).toEqual([])
  })

  test('that fails is recorded also when its trace is not', async () => {
    await serve(0).inject({ url: '/fails', headers: from('01') })
    const [span] = recorder.spans()
    expect(span).toMatchObject({ traceId, parentId: spanId, tags: { error: '500' } })
  })

  test('that is refused for its rights, or is a probe’s, has no span', async () => {
    const probed = serve(10)
    for (const url of ['/own', '/health/live', '/health/ready', '/metrics', '/nothing']) {
      await probed.inject({ url })
    }
    expect(recorder.spans()).toEqual([])
  })

  test('hands its context on when nothing is recorded here', async () => {
    serve(undefined)
    expect((await place(from('01')))?.json().traceparent).toBe(from('01').traceparent)
    expect((await place())?.json().traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(recorder.spans()).toEqual([])
  })
})
