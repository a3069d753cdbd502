import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SpanKind } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, expect, test } from 'vitest'
import { ZipkinExporter, zipkinSpan } from './zipkin.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function listen(answer: RequestListener): Promise<string> {
  const listening = createServer(answer)
  server = listening
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  return `http://127.0.0.1:${port}/api/v2/spans`
}

/** One span that is over. */
function someSpans(links: readonly string[] = []) {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'orders' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const linked = links.map((spanId) => ({
    context: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId, traceFlags: 1 },
  }))
  const options = { kind: SpanKind.CLIENT, startTime: new Date(5_000), links: linked }
  provider.getTracer('test').startSpan('append', options).end(new Date(5_012))
  return exporter.getFinishedSpans()
}

const resultOf = (exporter: ZipkinExporter) =>
  new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(someSpans(), resolve))

test('a span is sent in Zipkin’s form', async () => {
  const bodies: string[] = []
  const url = await listen((request, response) => {
    request.on('data', (part) => bodies.push(String(part)))
    request.on('end', () => response.writeHead(202).end())
  })
  const exporter = new ZipkinExporter(url, 5_000)
  expect(await resultOf(exporter)).toEqual({ code: 0 })
  expect(JSON.parse(bodies.join(''))).toEqual([
    {
      ...{ traceId: expect.any(String), id: expect.any(String), name: 'append', kind: 'CLIENT' },
      ...{ timestamp: 5_000_000, duration: 12_000 },
      localEndpoint: { serviceName: 'orders' },
      tags: {},
    },
  ])
})

test('a server that accepts and is silent holds the spans no longer than the timeout', async () => {
  const url = await listen(() => undefined)
  const { code, error } = await resultOf(new ZipkinExporter(url, 50))
  expect(code).toBe(1)
  expect(error?.name).toBe('TimeoutError')
})

test('a server that refuses, or is not there, is a failure and no exception', async () => {
  const url = await listen((_request, response) => response.writeHead(500).end())
  expect((await resultOf(new ZipkinExporter(url, 5_000))).error?.message).toContain('500')
  server?.close()
  expect((await resultOf(new ZipkinExporter('http://127.0.0.1:1/', 5_000))).code).toBe(1)
})

test('links, which Zipkin does not have, are in a tag', () => {
  const [span] = someSpans(['b7ad6b7169203331', 'c7ad6b7169203331']).map(zipkinSpan)
  expect(span?.tags).toEqual({
    links:
      '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331 0af7651916cd43dd8448eb211c80319c-c7ad6b7169203331',
  })
})
