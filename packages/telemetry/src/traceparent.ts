import { randomBytes } from 'node:crypto'
import { type SpanContext, TraceFlags } from '@opentelemetry/api'

/** A span's place: its trace, its id, and whether it is recorded. */
export type TraceContext = SpanContext

const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/**
 * The span that a `traceparent` names (https://www.w3.org/TR/trace-context/#traceparent-header). Undefined for a malformed
 * one: whoever reads it starts a new trace, as the recommendation requires.
 */
export function contextIn(traceparent: unknown): SpanContext | undefined {
  const [, traceId, spanId, flags] = FORM.exec(textOf(traceparent)) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return { traceId, spanId, traceFlags, isRemote: true }
}

/** The text of a span's context, for a header or an event. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${isSampled({ traceFlags }) ? '01' : '00'}`
}

/** A context of nobody's span, for a request that names none and is not recorded. */
export function newContext(): SpanContext {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  return { traceId, spanId, traceFlags: TraceFlags.NONE }
}

export function isSampled({ traceFlags }: Pick<SpanContext, 'traceFlags'>): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}

/** Headers of HTTP are strings, those of Kafka bytes. */
function textOf(header: unknown): string {
  if (typeof header === 'string') return header
  return Buffer.isBuffer(header) ? header.toString('latin1') : ''
}
