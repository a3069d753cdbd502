import { activeContext } from './step.ts'

const none = {}

/** What every line of a log says of the span in which it was written. The names are OpenTelemetry's. */
export function traceFields(): { readonly trace_id?: string; readonly span_id?: string } {
  const active = activeContext()
  return active === undefined ? none : { trace_id: active.traceId, span_id: active.spanId }
}
