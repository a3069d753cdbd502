import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { spanIds } from '../tracing/span-ids.ts'
import { type ZipkinSpan, zipkinSpan } from '../tracing/zipkin.ts'

/** The spans that this process records from now on, as they would be sent. */
export type Recorder = { spans(): readonly ZipkinSpan[]; close(): Promise<void> }

/** Records spans in memory, with the provider that the SDK makes for a service and the ids that a service has. */
export function recordSpans(service = 'test'): Recorder {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    idGenerator: spanIds,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  trace.setGlobalTracerProvider(provider)
  return {
    spans: () => exporter.getFinishedSpans().map(zipkinSpan),
    close: async () => {
      await provider.shutdown()
      trace.disable()
      context.disable()
    },
  }
}
