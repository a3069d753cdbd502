import { contextIn, isSampled } from '@tenseams/telemetry/traceparent'
import { inStep, nearestContext } from '@tenseams/telemetry/tracing/step'
import { traceStateAt } from '@tenseams/telemetry/tracing/waits'
import type { AppendResult, NewEvent } from './append.ts'

/**
 * Appends as a step of the command's trace. What is appended names that step, so that whatever an event causes is shown below
 * the append that made it.
 */
export function inAppendStep(
  schema: string,
  streamId: string,
  traceparent: string | null,
  append: (traceparent: string | null) => Promise<AppendResult>,
): Promise<AppendResult> {
  const parent = nearestContext(traceparent)
  if (parent === undefined) return append(traceparent)
  const attributes = {
    'db.system.name': 'postgresql',
    'db.namespace': schema,
    'db.operation.name': 'append',
    'tenseams.stream.id': streamId,
  } as const
  return inStep({ span: 'event-store.append', parent, attributes }, async (step) => {
    const result = await append(step.traceparent)
    step.set({ 'tenseams.outcome': result.kind })
    return result
  })
}

/** What the record of an event has in its headers of its trace. */
export function traceHeadersOf(
  traceparent: string | null,
): Pick<NewEvent, 'traceparent' | 'tracestate'> {
  const context = contextIn(traceparent)
  if (context === undefined) return {}
  return { traceparent, tracestate: isSampled(context) ? traceStateAt(Date.now()) : null }
}
