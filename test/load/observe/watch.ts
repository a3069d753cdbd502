import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { machineMs, until } from '../clock.ts'
import type { Window } from '../generator/tally.ts'
import type {
  BusiestThread,
  LagSample,
  MemorySample,
  PartUse,
  Sample,
  SystemFigures,
} from '../report/step.ts'
import type { Journeys } from './journeys.ts'
import {
  partsUsed,
  readMemory,
  readPartThreads,
  readUse,
  type Threads,
  type Use,
  usedBetween,
} from './parts.ts'
import { busiestThread } from './processes.ts'
import type { Observed } from './system.ts'

/** What was seen of the system in the time that was measured. */
export type Watched = Pick<
  SystemFigures,
  | 'parts'
  | 'observerCpuMs'
  | 'busyShare'
  | 'busiestThread'
  | 'samples'
  | 'lag'
  | 'memory'
  | 'settled'
> & {
  /** CPU time of everything on the machine but the system and this process. */
  readonly elsewhereMs: number
  readonly watchedMs: number
}

type Reading = { readonly use: Use; readonly unsettled: number }

const SAMPLE_MS = 1_000
const LAG_MS = 1_000
const SAMPLES_A_MEMORY = 30

/** Watches from the end of the ramp until the end of the load, or until the abort. */
export async function watch(
  system: Pick<Observed, 'pids' | 'lag'>,
  journeys: Journeys,
  { fromMs, toMs }: Window,
  signal: AbortSignal,
): Promise<Watched> {
  await until(fromMs, signal)
  const { pids } = system
  const lag = watchLag(system, fromMs, signal)
  const readings: Reading[] = []
  const read = () => readings.push({ use: readUse(pids), unsettled: journeys.unsettled })
  read()
  const settledBefore = journeys.settled
  const before = readPartThreads(pids)
  const memory: MemorySample[] = []
  const weigh = () => memory.push({ atS: (machineMs() - fromMs) / 1_000, bytes: readMemory(pids) })
  weigh()
  for (let next = fromMs + SAMPLE_MS; next < toMs && !signal.aborted; next += SAMPLE_MS) {
    await until(next, signal)
    read()
    if (readings.length % SAMPLES_A_MEMORY === 0) weigh()
  }
  await until(toMs, signal)
  read()
  const settled = journeys.settled - settledBefore
  const threads = { before, after: readPartThreads(pids) }
  weigh()
  return {
    ...figuresOf(readings, fromMs),
    ...{ settled, memory, lag: await lag.end() },
    parts: partsOf(readings, threads),
    busiestThread: busiestOf(threads, machineMs() - fromMs),
  }
}

/** Reads the lag again and again beside everything else, since the brokers' answers come late under load. */
function watchLag({ lag }: Pick<Observed, 'lag'>, fromMs: number, signal: AbortSignal) {
  const ending = new AbortController()
  const either = AbortSignal.any([signal, ending.signal])
  const found: LagSample[] = []
  const reading = (async () => {
    while (!either.aborted) {
      const read = await lag.read().catch(() => undefined)
      if (read !== undefined) found.push({ atS: (machineMs() - fromMs) / 1_000, lag: read })
      await delay(LAG_MS, undefined, { signal: either }).catch(() => undefined)
    }
  })()
  const end = async () => {
    ending.abort()
    await reading
    return found
  }
  return { end }
}

function figuresOf(readings: readonly Reading[], fromMs: number) {
  const [first, last] = [readings[0]?.use, readings.at(-1)?.use]
  if (first === undefined || last === undefined) throw new Error('nothing was read')
  const watchedMs = last.atMs - first.atMs
  const usedMs = last.machineMs - first.machineMs
  const observerCpuMs = last.observerMs - first.observerMs
  const systemMs = sum(last.cpuMs) - sum(first.cpuMs)
  const samples = readings.map(({ use, unsettled }, index): Sample => {
    const earlier = readings[index - 1]?.use
    return {
      ...{ atS: (use.atMs - fromMs) / 1_000, unsettled },
      cpuShares: earlier === undefined ? {} : sharesBetween(earlier, use),
    }
  })
  return {
    ...{ samples: samples.slice(1), observerCpuMs, watchedMs },
    busyShare: usedMs / (watchedMs * cpus().length),
    elsewhereMs: usedMs - systemMs - observerCpuMs,
  }
}

function sharesBetween(earlier: Use, later: Use): Readonly<Record<string, number>> {
  const shares = Object.keys(later.cpuMs).map((part) => [
    part,
    usedBetween(earlier, later, part) / (later.atMs - earlier.atMs),
  ])
  return Object.fromEntries(shares)
}

type BothThreads = { readonly before: Threads; readonly after: Threads }

function partsOf(
  readings: readonly Reading[],
  { before, after }: BothThreads,
): Readonly<Record<string, PartUse>> {
  const [first, last] = [readings[0]?.use, readings.at(-1)?.use]
  if (first === undefined || last === undefined) throw new Error('nothing was read')
  return partsUsed({ use: first, threads: before }, { use: last, threads: after })
}

function busiestOf({ before, after }: BothThreads, durationMs: number): BusiestThread | undefined {
  return [...after]
    .flatMap(([part, threads]) => {
      const busiest = busiestThread(before.get(part) ?? new Map(), threads, durationMs)
      return busiest === undefined ? [] : [{ part, ...busiest }]
    })
    .toSorted((one, other) => other.share - one.share)[0]
}

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, each) => total + each, 0)
}
