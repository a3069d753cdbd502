import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { type Head, HeadByRate } from './head.ts'
import type { TracingSettings } from './settings.ts'

/** The tracing of a process. */
export type Tracing = {
  /** Undefined when nothing is recorded. */
  readonly head: Head | undefined
  /** Sends the spans that were recorded, within the exporter's timeout. */
  close(): Promise<void>
}

/**
 * Opens the tracing of this process: what steps (step.ts) record from now on is sent where the settings say. OpenTelemetry's
 * SDK is loaded only then, since loading it costs CPU time and memory. Without it contexts still travel from event to event, and
 * nothing is recorded.
 */
export async function openTracing(service: string, settings: TracingSettings): Promise<Tracing> {
  const contextManager = new AsyncLocalStorageContextManager()
  const exporters = exportersIn(settings)
  if (exporters.length === 0) {
    context.setGlobalContextManager(contextManager)
    return { head: undefined, close: async () => undefined }
  }
  const { startSdk } = await import('./sdk.ts')
  const sdk = await startSdk({ service, exporters, contextManager, settings })
  return {
    head: new HeadByRate(settings.TRACES_PER_SECOND),
    // Spans that nobody takes are lost, and the process ends well nevertheless.
    close: () => sdk.shutdown().catch(() => undefined),
  }
}

function exportersIn(settings: TracingSettings): readonly string[] {
  if (settings.OTEL_SDK_DISABLED || settings.TRACES_PER_SECOND === 0) return []
  return settings.OTEL_TRACES_EXPORTER.split(',').filter((name) => name !== 'none')
}
