import { lookAt, resumeComponent, startComponent, stopComponent } from '../supervise/supervisor.ts'
import type { Component, Context, Part, Step } from './part.ts'
import type { Planned } from './plan.ts'

/** What happens to a part, told as it happens. */
export type Progress = {
  readonly part: Part
  readonly state: 'starting' | 'ready' | 'runs already' | 'failed' | 'stopping' | 'stopped'
  /** Since `starting` or `stopping`. */
  readonly durationMs: number
  readonly error?: unknown
}

export type OnProgress = (progress: Progress) => void

/** A step has not ended in its time. What it had begun may still go on. */
export class StepTimedOut extends Error {
  readonly code = 'STEP_TIMED_OUT'
  readonly retriable = true
}

/**
 * Starts every part as soon as all that it needs is ready. With the first failure nothing more is begun; what runs by
 * then is left for the caller to stop.
 *
 * @throws the first failure, or the signal's reason.
 */
export async function startAll(
  plan: readonly Planned[],
  context: Context,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  await walk(plan, async ({ part }) => {
    either.throwIfAborted()
    try {
      await startPart(part, context, onProgress, either)
    } catch (error) {
      if (!either.aborted) failure.abort(error)
      throw error
    }
  })
  either.throwIfAborted()
}

/** Does the work of each part once all its needs are done, and returns when every work has ended, well or not. */
async function walk(
  plan: readonly Planned[],
  work: (planned: Planned) => Promise<void>,
): Promise<readonly PromiseSettledResult<void>[]> {
  const done = new Map<string, Promise<void>>()
  for (const planned of plan) {
    const needs = planned.needs.map((need) => done.get(need))
    done.set(
      planned.part.name,
      Promise.all(needs).then(() => work(planned)),
    )
  }
  return Promise.allSettled(done.values())
}

/** Starts one part, or does its step. What runs already is left alone. */
export async function startPart(
  part: Part,
  context: Context,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const begun = Date.now()
  const tell = (state: Progress['state'], error?: unknown) =>
    onProgress({ part, state, durationMs: Date.now() - begun, ...(error ? { error } : {}) })
  tell('starting')
  try {
    const started =
      part.kind === 'step' ? await runStep(part, context) : await start(part, context, signal)
    tell(started ? 'ready' : 'runs already')
  } catch (error) {
    tell('failed', error)
    throw error
  }
}

async function start(component: Component, context: Context, signal: AbortSignal) {
  const { paths } = context
  const state = lookAt(paths, component.name)
  if (state === 'paused') resumeComponent(component, paths)
  if (state === 'paused' || state === 'ready') return false
  // What a launcher that was killed had begun or was stopping is begun anew.
  if (state === 'starting' || state === 'stopping') await stopComponent(component, paths)
  await startComponent(component, context, signal)
  return true
}

async function runStep(step: Step, context: Context): Promise<true> {
  await within(step.timeoutMs, `the step ${step.name}`, step.run(context))
  return true
}

async function within(timeoutMs: number, what: string, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    late.reject(new StepTimedOut(`${what} has not ended within ${timeoutMs / 1000} s`))
  }, timeoutMs)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Stops every part as soon as all that need it are stopped. A failure stops nothing else from being stopped.
 *
 * @param plan as planStop makes it.
 * @throws AggregateError with all failures, at the end.
 */
export async function stopAll(
  plan: readonly Planned[],
  context: Context,
  onProgress: OnProgress,
): Promise<void> {
  const failures: unknown[] = []
  await walk(plan, async ({ part }) => {
    try {
      await stopPart(part, context, onProgress)
    } catch (error) {
      failures.push(error)
    }
  })
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped')
}

async function stopPart(part: Part, context: Context, onProgress: OnProgress): Promise<void> {
  const { paths } = context
  const begun = Date.now()
  const tell = (state: Progress['state'], error?: unknown) =>
    onProgress({ part, state, durationMs: Date.now() - begun, ...(error ? { error } : {}) })
  if (part.kind === 'component') {
    if (lookAt(paths, part.name) === 'stopped') return
    tell('stopping')
    await stopComponent(part, paths)
    return tell('stopped')
  }
  if (part.undo === undefined || !part.undo.isNeeded(context)) return
  tell('stopping')
  try {
    await within(part.undo.timeoutMs, `undoing ${part.name}`, part.undo.run(context))
    tell('stopped')
  } catch (error) {
    // The way back is another one then (a retained checkpoint instead of a savepoint): told, but no reason to stay up.
    tell('failed', error)
  }
}
