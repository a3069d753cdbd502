import { randomBytes } from 'node:crypto'
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { machineMs } from './clock.ts'
import { Generator } from './generator/generator.ts'
import type { Mix } from './generator/mix.ts'
import type { Arrivals } from './generator/schedule.ts'
import type { Window } from './generator/tally.ts'
import type { GeneratorResult, Progress } from './generator/task.ts'
import { Journeys } from './observe/journeys.ts'
import { hasAll, type Layer, layers, visibilityOf } from './observe/sights.ts'
import type { Observed } from './observe/system.ts'
import { type Watched, watch } from './observe/watch.ts'
import { distributionOf, fromGenerator, type Step, type SystemFigures } from './report/step.ts'

/** What every step of a run has in common. */
export type Conditions = {
  readonly durationMs: number
  readonly rampMs: number
  readonly mix: Mix
  /** The share of orders that are an earlier one once more. */
  readonly repeatedShare: number
  readonly arrivals: Arrivals
  readonly seed: number
  readonly maxInFlight: number
}

export type Measuring = {
  readonly url: string
  /** As whom the load is sent; as nobody when left out. */
  readonly credentialsFile?: string | undefined
  readonly conditions: Conditions
  /** Undefined when only answers are observed. */
  readonly system: Observed | undefined
  readonly show: (state: State) => void
  /** Ends the load early; the step is of what was measured so far. */
  readonly signal: AbortSignal
}

/** How far a step is. */
export type State = {
  readonly rate: number
  readonly phase: 'ramp' | 'load' | 'waiting'
  /** Of the phase. */
  readonly leftMs: number
  readonly progress: Progress
  readonly unsettled: number | undefined
}

const REQUEST_TIMEOUT_MS = 30_000
/** From the word to the first request, so that generator and observers begin together. */
const LEAD_MS = 200
const SHOW_MS = 1_000
/** How long orders may take to end, and to get into the lake, after the last request. */
const SETTLE_MS = 120_000
const POLL_MS = 100

/**
 * Holds one rate, and observes what becomes of it.
 *
 * @param awaited whether to wait for the lake, too: silver and gold are made in rounds of half a minute.
 */
export async function measure(
  measuring: Measuring,
  rate: number,
  awaited: 'orders' | 'orders and lake',
): Promise<Step> {
  const { url, credentialsFile, conditions, system, signal } = measuring
  const { rampMs, durationMs, arrivals, seed } = conditions
  const run = randomBytes(4).readUInt32BE()
  const generator = await Generator.open({
    ...{ url, credentialsFile, run, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    ...{ mix: conditions.mix, repeatedShare: conditions.repeatedShare },
    maxInFlight: conditions.maxInFlight,
    offer: { ratePerSecond: rate, rampMs, durationMs, arrivals, seed },
  })
  const beginMs = machineMs() + LEAD_MS
  const window = { fromMs: beginMs + rampMs, toMs: beginMs + rampMs + durationMs }
  const journeys = new Journeys(window.fromMs)
  system?.lake?.forget()
  system?.orders.follow(run, journeys)
  const shown = show(measuring, { rate, window, generator, journeys })
  const over = new AbortController()
  try {
    const [result, watched] = await Promise.all([
      generator.run(beginMs, signal),
      system && watch(system, journeys, window, AbortSignal.any([signal, over.signal])),
    ])
    const step = fromGenerator(rate, result, signal.aborted)
    if (system === undefined || watched === undefined) return { ...step, system: undefined }
    const { accepted } = result
    const isLakeAwaited = awaited === 'orders and lake'
    await untilSeen(system, journeys, { accepted, isLakeAwaited, signal })
    const { latencies, unseen } = seenIn(system, journeys, window)
    return {
      ...{ ...step, wasInterrupted: signal.aborted },
      latencies: { ...step.latencies, ...latencies },
      system: { ...figuresOf(journeys, watched, result), unseen },
    }
  } finally {
    over.abort()
    clearInterval(shown)
    system?.orders.forget(run)
    await generator.close()
  }
}

type Shown = {
  readonly rate: number
  readonly window: Window
  readonly generator: Generator
  readonly journeys: Journeys
}

function show(measuring: Measuring, { rate, window, generator, journeys }: Shown): NodeJS.Timeout {
  return setInterval(() => {
    const now = machineMs()
    const phase = now < window.fromMs ? 'ramp' : now < window.toMs ? 'load' : 'waiting'
    const ends = { ramp: window.fromMs, load: window.toMs, waiting: now }
    measuring.show({
      ...{ rate, phase, leftMs: ends[phase] - now, progress: generator.progress },
      unsettled: measuring.system && journeys.unsettled,
    })
  }, SHOW_MS)
}

type Awaited = {
  readonly accepted: number
  readonly isLakeAwaited: boolean
  readonly signal: AbortSignal
}

/** Waits until all that was accepted has ended, and is in the lake: without the slow ones, latencies would be too good. */
async function untilSeen(
  { lake }: Observed,
  journeys: Journeys,
  { accepted, isLakeAwaited, signal }: Awaited,
): Promise<void> {
  const deadline = machineMs() + SETTLE_MS
  const isDone = () => {
    if (journeys.placed.length < accepted || journeys.unsettled > 0) return false
    if (!isLakeAwaited || lake === undefined) return true
    return layers.every((layer) => hasAll(lake.sights[layer].at(-1), journeys.placed))
  }
  while (!isDone() && machineMs() < deadline && !signal.aborted) {
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

function seenIn({ lake }: Observed, journeys: Journeys, { fromMs }: Window) {
  const visible = layers.flatMap((layer): readonly [Layer, ReturnType<typeof visibilityOf>][] =>
    lake ? [[layer, visibilityOf(journeys.placed, lake.sights[layer], fromMs)]] : [],
  )
  const latencies = [
    ['completed', distributionOf(journeys.completed)] as const,
    ...visible.map(([layer, seen]) => [layer, distributionOf(seen.latencies)] as const),
  ]
  return {
    latencies: Object.fromEntries(latencies),
    unseen: Object.fromEntries(visible.map(([layer, { unseen }]) => [layer, unseen])),
  }
}

function figuresOf(
  journeys: Journeys,
  { elsewhereMs, watchedMs, ...watched }: Watched,
  { accepted, cpuMs }: GeneratorResult,
): Omit<SystemFigures, 'unseen'> {
  return {
    ...watched,
    placed: journeys.placed.length,
    ends: journeys.ends,
    othersShare: Math.max(0, elsewhereMs - cpuMs) / (watchedMs * cpus().length),
    isSettled: journeys.unsettled === 0 && journeys.placed.length >= accepted,
  }
}
