import type { ContextManager } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import type { TracingSettings } from './settings.ts'
import { spanIds } from './span-ids.ts'
import { ZipkinExporter } from './zipkin.ts'

/** Of spans that wait to be sent. More are dropped: traces never hold back what they are of. */
const MOST_QUEUED = 2_048
const MOST_SENT_AT_ONCE = 256
const SEND_EVERY_MS = 1_000
const SEND_TIMEOUT_MS = 5_000

export type SdkOptions = {
  readonly service: string
  readonly exporters: readonly string[]
  readonly contextManager: ContextManager
  readonly settings: TracingSettings
}

/**
 * Starts OpenTelemetry's SDK in this process, for spans only. Metrics are prom-client's and logs are pino's, so their readers and
 * processors are none, also when OTEL_METRICS_EXPORTER or OTEL_LOGS_EXPORTER name some. Nothing is instrumented from outside
 * and nothing about the machine is detected: spans begin where the work is (step.ts), and of the process their service is enough.
 */
export async function startSdk(options: SdkOptions): Promise<NodeSDK> {
  const { service, exporters, contextManager, settings } = options
  const opened = await Promise.all(exporters.map((name) => exporterOf(name, settings)))
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': service }),
    autoDetectResources: false,
    contextManager,
    // Contexts are read from and written to requests, events and records by traceparent.ts.
    textMapPropagator: null,
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
    // A root is begun only where the head (head.ts) has chosen it; what is below it follows.
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    idGenerator: spanIds,
    spanLimits: { attributeValueLengthLimit: 512, linkCountLimit: 128 },
    spanProcessors: opened.map(batched),
  })
  sdk.start()
  return sdk
}

function batched(exporter: SpanExporter): BatchSpanProcessor {
  return new BatchSpanProcessor({
    exporter,
    maxQueueSize: MOST_QUEUED,
    maxExportBatchSize: MOST_SENT_AT_ONCE,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_TIMEOUT_MS,
  })
}

async function exporterOf(name: string, settings: TracingSettings): Promise<SpanExporter> {
  if (name === 'zipkin') {
    return new ZipkinExporter(settings.OTEL_EXPORTER_ZIPKIN_ENDPOINT, SEND_TIMEOUT_MS)
  }
  // It reads OTEL_EXPORTER_OTLP_ENDPOINT and its other variables itself, as every OpenTelemetry SDK does.
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  return new OTLPTraceExporter()
}
