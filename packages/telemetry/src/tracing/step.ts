import {
  context,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { type Attributes, type SpanAttributes, spans } from '../declared/spans.ts'
import { contextIn, isSampled, traceparentOf } from '../traceparent.ts'
import { spanIds } from './span-ids.ts'

/** A step of a trace that begins. */
export type Step<Name extends SpanName = SpanName> = {
  readonly span: Name
  readonly attributes?: SpanAttributes[Name]
  /** The span that caused it: the active one unless given. */
  readonly parent?: SpanContext | undefined
  readonly links?: readonly SpanContext[]
  /** When it has begun before now, milliseconds since 1970. */
  readonly startMs?: number
}

/** One that is declared in contracts/telemetry.yaml. */
export type SpanName = keyof typeof spans

/** What the work of a step sees of it. */
export type RunningStep<Name extends SpanName = SpanName> = {
  /** For what the step writes or sends, which is caused by it. Null outside of any trace. */
  readonly traceparent: string | null
  set(attributes: SpanAttributes[Name]): void
}

/** A step of a trace that is not sampled is kept nevertheless when it takes this long. */
const SLOW_MS = 1_000

const kinds = {
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  server: SpanKind.SERVER,
} as const

/**
 * Runs a step as a span, active meanwhile, so that what it calls becomes its child and its log lines name it. An error ends
 * the span as failed and is thrown on.
 *
 * Outside of any trace nothing is recorded. In a trace that was not sampled no span is made, so that the step costs next to
 * nothing; one that has failed, or was slow, is recorded when it ends, since nobody asks for the others.
 */
export async function inStep<Name extends SpanName, Value>(
  step: Step<Name>,
  work: (running: RunningStep<Name>) => Promise<Value>,
): Promise<Value> {
  const begun = beginStep(step)
  try {
    const value = await begun.run(() => work(begun))
    begun.end()
    return value
  } catch (error) {
    begun.end(error)
    throw error
  }
}

/** Begins a step that ends elsewhere. Whoever begins it ends it, also after an error; `inStep` does. */
export function beginStep<Name extends SpanName>(step: Step<Name>): BegunStep<Name> {
  const parent = step.parent ?? activeContext()
  if (parent === undefined) return outsideOfTraces
  return isSampled(parent) ? new SampledStep(step, parent) : new UnsampledStep(step, parent)
}

/** The first step of a new trace, which is recorded. */
export function beginTrace<Name extends SpanName>(step: Step<Name>): SampledStep {
  return new SampledStep(step, undefined)
}

export type BegunStep<Name extends SpanName = SpanName> = RunningStep<Name> & {
  run<Value>(work: () => Value): Value
  /** @param error what the step has failed with; left out when it has not. */
  end(error?: unknown): void
}

/** A span that is over. */
export type PastSpan<Name extends SpanName = SpanName> = Step<Name> & {
  readonly parent: SpanContext
  readonly startMs: number
  readonly endMs: number
  /** The same for everybody who records it, so that it is one span however often that is done. */
  readonly spanId?: string
}

/**
 * Records what nobody of us has done, from the times that are known of it: an event that waits. Nothing is recorded in a
 * trace that is not sampled.
 *
 * @returns its context, for what it has caused.
 */
export function recordSpan<Name extends SpanName>(past: PastSpan<Name>): SpanContext {
  const { endMs, spanId, ...step } = past
  if (!isSampled(step.parent)) return step.parent
  const start = () => startSpan(step, step.parent)
  const span = spanId === undefined ? start() : spanIds.give(spanId, start)
  span.end(timeOf(Math.max(step.startMs, endMs)))
  return span.spanContext()
}

/** The span that is active; undefined outside of any trace. */
export function activeContext(): SpanContext | undefined {
  return trace.getSpanContext(context.active())
}

/**
 * The span below which something belongs that is done for the trace: the active one when it is of that trace, since a handler's
 * span is nearer than the span of the event that it handles.
 */
export function nearestContext(traceparent: string | null): SpanContext | undefined {
  const given = contextIn(traceparent)
  const active = given && activeContext()
  return active?.traceId === given?.traceId ? active : given
}

/** Runs work that serves many traces, so belongs to none, outside of the one that happens to be active. */
export function outsideOfTrace<Value>(work: () => Value): Value {
  return context.with(ROOT_CONTEXT, work)
}

/** Whoever begins a step is held to its span's attributes; below that they are all alike. */
type AnyAttributes = Partial<Attributes>
type AnyStep = Omit<Step, 'attributes'> & { readonly attributes?: AnyAttributes }

const outsideOfTraces: BegunStep = {
  traceparent: null,
  set: () => undefined,
  run: (work) => work(),
  end: () => undefined,
}

class SampledStep implements BegunStep {
  readonly #span: Span

  constructor(step: AnyStep, parent: SpanContext | undefined) {
    this.#span = startSpan(step, parent)
  }

  get context(): SpanContext {
    return this.#span.spanContext()
  }

  get traceparent(): string {
    return traceparentOf(this.context)
  }

  set(attributes: AnyAttributes): void {
    this.#span.setAttributes(attributes)
  }

  run<Value>(work: () => Value): Value {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.#span), work)
  }

  end(error?: unknown): void {
    if (error !== undefined) markFailed(this.#span, error)
    this.#span.end()
  }
}

class UnsampledStep implements BegunStep {
  readonly #step: AnyStep
  readonly #parent: SpanContext
  readonly #startMs: number
  #attributes: AnyAttributes | undefined

  constructor(step: AnyStep, parent: SpanContext) {
    this.#step = step
    this.#parent = parent
    this.#startMs = step.startMs ?? Date.now()
  }

  get traceparent(): string {
    return traceparentOf(this.#parent)
  }

  set(attributes: AnyAttributes): void {
    this.#attributes = { ...this.#attributes, ...attributes }
  }

  run<Value>(work: () => Value): Value {
    return context.with(trace.setSpanContext(ROOT_CONTEXT, this.#parent), work)
  }

  end(error?: unknown): void {
    const isSlow = Date.now() - this.#startMs >= SLOW_MS
    if (error === undefined && !isSlow) return
    const attributes: AnyAttributes = {
      ...this.#step.attributes,
      ...this.#attributes,
      'tenseams.kept': error === undefined ? 'slow' : 'failed',
    }
    const step = { ...this.#step, startMs: this.#startMs, attributes }
    const span = startSpan(step, { ...this.#parent, traceFlags: TraceFlags.SAMPLED })
    if (error !== undefined) markFailed(span, error)
    span.end()
  }
}

function startSpan(
  { span, attributes = {}, links = [], startMs }: AnyStep,
  parent: SpanContext | undefined,
): Span {
  const { name, kind } = spans[span]
  const options = {
    kind: kinds[kind],
    attributes,
    links: links.map((linked): Link => ({ context: linked })),
    ...(startMs !== undefined && { startTime: timeOf(startMs) }),
  }
  const cause = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
  return trace.getTracer('tenseams').startSpan(nameOf(name, attributes), options, cause)
}

/** In this form a small number is not taken for a time since the process began. */
function timeOf(ms: number): HrTime {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000]
}

/** A span's name is a pattern with attributes in braces, of which there are few values. */
function nameOf(pattern: string, attributes: AnyAttributes): string {
  const values: Readonly<Record<string, unknown>> = attributes
  return pattern.replaceAll(/\{([\w.]+)\}/g, (_all, name: string) => String(values[name] ?? '?'))
}

/** No message: it may hold what a customer has sent. */
function markFailed(span: Span, error: unknown): void {
  const { code, name } = errorShape(error)
  span.setAttribute('error.type', code ?? name ?? 'unknown')
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function errorShape(error: unknown): { readonly code?: string; readonly name?: string } {
  if (typeof error !== 'object' || error === null) return {}
  const { code } = error as { readonly code?: unknown }
  return {
    ...(typeof code === 'string' && { code }),
    ...(error instanceof Error && { name: error.name }),
  }
}
