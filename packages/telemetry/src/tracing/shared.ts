import { context, type Span, type SpanContext, trace } from '@opentelemetry/api'
import type { SpanAttributes } from '../declared/spans.ts'
import { isSampled } from '../traceparent.ts'
import { beginTrace, outsideOfTrace, type RunningStep, type SpanName, type Step } from './step.ts'

/** More are not linked: a commit of a whole backlog would be one span of megabytes. */
export const MOST_LINKS = 128

/** A step that takes part in work which many traces share. */
export type Member = Pick<Span, 'spanContext' | 'addLink'>

/** The step that runs, for work that it will share with others; undefined when it is not recorded. */
export function activeMember(): Member | undefined {
  const span = trace.getSpan(context.active())
  return span?.isRecording() ? span : undefined
}

/** What the work of a shared step sees of it. */
export type SharedStep<Name extends SpanName> = Pick<RunningStep<Name>, 'set'> & {
  /** Undefined when none of the members is recorded. */
  readonly context: SpanContext | undefined
}

/**
 * Runs work that many traces share, such as one statement for the appends of many callers. It belongs to none of them, so it
 * is a trace of its own, linked with each. It is recorded when one of them is.
 */
export async function inSharedStep<Name extends SpanName, Value>(
  step: Step<Name>,
  members: readonly SpanContext[],
  work: (running: SharedStep<Name>) => Promise<Value>,
): Promise<Value> {
  const links = members.filter(isSampled).slice(0, MOST_LINKS)
  if (links.length === 0) return outsideOfTrace(() => work(notRecorded))
  const begun = beginTrace({ ...step, links })
  const running = { context: begun.context, set: (more: SpanAttributes[Name]) => begun.set(more) }
  try {
    const value = await begun.run(() => work(running))
    begun.end()
    return value
  } catch (error) {
    begun.end(error)
    throw error
  }
}

const notRecorded = { context: undefined, set: () => undefined }
