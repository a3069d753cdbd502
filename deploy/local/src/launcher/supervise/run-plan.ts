import { withTimeout } from '@tenseams/service/timeout'
import type { Component, Context, Part, Step } from '../plan/part.ts'
import type { Planned } from '../plan/plan.ts'
import { forgetRestarts } from './restarts.ts'
import { lookAt, resumeComponent, startComponent, stopComponent } from './supervisor.ts'

/** A change of a part's state, reported when it happens. */
export type Progress = {
  readonly part: Part
  readonly state: 'starting' | 'ready' | 'runs already' | 'failed' | 'stopping' | 'stopped'
  /** Since `starting` or `stopping`. */
  readonly durationMs: number
  readonly error?: unknown
}

export type OnProgress = (progress: Progress) => void

/** A step did not finish in time. What it began may still be running. */
export class StepTimedOut extends Error {
  readonly code = 'STEP_TIMED_OUT'
  readonly retriable = true
}

/**
 * Starts every part as soon as everything that it needs is ready. After the first failure no more parts are started; what
 * runs by then is left running, and the caller must stop it. An optional part that fails is reported, and left as it is: it may be
 * ready later.
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
      if (isOptional(part) && !either.aborted) return
      if (!either.aborted) failure.abort(error)
      throw error
    }
  })
  either.throwIfAborted()
}

const isOptional = (part: Part) => part.kind === 'component' && part.isOptional === true

/** Does the work of each part once that of all its needs is done, and returns when all work has ended or failed. */
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

/** Starts a component or runs a step. A running component is left alone. */
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
  // A killed launcher left it while it was starting or stopping: start it again.
  if (state === 'starting' || state === 'stopping') await stopComponent(component, paths)
  forgetRestarts(paths, component.name)
  await startComponent(component, context, signal)
  return true
}

async function runStep(step: Step, context: Context): Promise<true> {
  await within(step.timeoutMs, `the step ${step.name}`, step.run(context))
  return true
}

function within(timeoutMs: number, what: string, work: Promise<void>): Promise<void> {
  const late = () => new StepTimedOut(`${what} did not finish within ${timeoutMs / 1000} s`)
  return withTimeout(work, timeoutMs, late)
}

/**
 * Stops every part as soon as all parts that need it are stopped. After a failure the others are still stopped.
 *
 * @param plan the result of `planStop`.
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

/**
 * Stops one component properly and leaves the others alone. The steps of `table` whose effect is lost with it are undone
 * first: Flink's jobs end with a savepoint before their JobManager does.
 */
export async function stopOne(
  component: Component,
  table: readonly Part[],
  context: Context,
  onProgress: OnProgress,
): Promise<void> {
  const forgotten = table.filter(({ name }) => component.forgets?.includes(name))
  for (const part of [...forgotten, component]) await stopPart(part, context, onProgress)
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
    // The next start then uses a retained checkpoint instead of a savepoint: reported, and stopping continues.
    tell('failed', error)
  }
}
