import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, logs, metrics, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openTracing } from './open.ts'
import type { TracingSettings } from './settings.ts'
import { beginTrace, inStep } from './step.ts'

/** What a store of traces was sent: by path, the bodies. */
let received: { path: string; body: string }[]
let server: Server
let url: string

beforeEach(async () => {
  received = []
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      received.push({ path: request.url ?? '', body: Buffer.concat(parts).toString() })
      response.writeHead(202).end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  for (const api of [context, metrics, trace, logs]) api.disable()
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})

const settings = (more: Partial<TracingSettings> = {}): TracingSettings => ({
  OTEL_SDK_DISABLED: false,
  OTEL_TRACES_EXPORTER: 'zipkin',
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${url}/api/v2/spans`,
  TRACES_PER_SECOND: 10,
  ...more,
})

/** A request below which something is appended, as a service does both. */
async function appendInRequest(): Promise<void> {
  const request = beginTrace({ span: 'http.server', attributes: { 'http.route': '/orders' } })
  await request.run(() => inStep({ span: 'event-store.append' }, async () => undefined))
  request.end()
}

test('spans of a service are at Zipkin when it has closed, with its name and their parents', async () => {
  const tracing = await openTracing('orders', settings())
  await appendInRequest()
  await tracing.close()
  expect(received.map(({ path }) => path)).toEqual(['/api/v2/spans'])
  const [append, request] = JSON.parse(received[0]?.body ?? '')
  expect(append).toMatchObject({ name: 'append', parentId: request.id, traceId: request.traceId })
  expect(request.localEndpoint).toEqual({ serviceName: 'orders' })
})

test('spans go to an endpoint of OTLP by OpenTelemetry’s own variables', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url)
  const tracing = await openTracing('orders', settings({ OTEL_TRACES_EXPORTER: 'otlp' }))
  await appendInRequest()
  await tracing.close()
  expect(received.map(({ path }) => path)).toEqual(['/v1/traces'])
  expect(received[0]?.body).toContain('"name":"append"')
})

test('the SDK makes spans only, whatever its variables ask for', async () => {
  for (const name of ['OTEL_METRICS_EXPORTER', 'OTEL_LOGS_EXPORTER']) vi.stubEnv(name, 'otlp')
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url)
  const tracing = await openTracing('orders', settings())
  metrics.getMeter('test').createCounter('orders').add(1)
  logs.getLogger('test').emit({ body: 'placed' })
  await appendInRequest()
  await tracing.close()
  expect(received.map(({ path }) => path)).toEqual(['/api/v2/spans'])
})

test.each<Partial<TracingSettings>>([
  { OTEL_TRACES_EXPORTER: 'none' },
  { TRACES_PER_SECOND: 0 },
  { OTEL_SDK_DISABLED: true },
])('with %j nothing is recorded, and contexts travel', async (more) => {
  const tracing = await openTracing('orders', settings(more))
  expect(tracing.head).toBeUndefined()
  const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  const traceparent = await inStep(
    { span: 'event-store.append', parent: { ...parent, traceFlags: 0 } },
    () => inStep({ span: 'http.client' }, async (step) => step.traceparent),
  )
  expect(traceparent).toBe(`00-${parent.traceId}-${parent.spanId}-00`)
  await tracing.close()
  expect(received).toEqual([])
})

test('a store of traces that is gone fails no service when it closes', async () => {
  const tracing = await openTracing(
    'orders',
    settings({ OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'http://127.0.0.1:1/' }),
  )
  await appendInRequest()
  await expect(tracing.close()).resolves.toBeUndefined()
})
