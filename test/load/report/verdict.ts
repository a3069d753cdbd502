import type { Step } from './step.ts'

/** A run that achieved less of what it offered tells of another load than it says. */
export const LEAST_ACHIEVED = 0.99

/** A count that grows by less than this share of the rate does not grow: readers work in batches. */
const GROWTH = 0.05
/** Nor does one that differs by so little: every transaction leaves a marker, which has an offset, too. */
const SLACK = 10

/** A Flink job commits its offsets with its checkpoints, so half of a shorter step may not see them move. */
export const LEAST_FOR_LAG_MS = 20_000

export type Verdict = {
  /** `void`: nothing can be said; `behind`: the system did less than was asked of it; `kept`: it kept up. */
  readonly outcome: 'void' | 'behind' | 'kept'
  /** Sentences. Empty for `kept`. */
  readonly reasons: readonly string[]
}

/** Judges a step by what was counted in it. */
export function judge(step: Step): Verdict {
  const empty = step.due === 0 ? ['nothing was due in the time that was measured'] : []
  const voids = [...empty, ...unachieved(step)]
  if (voids.length > 0) return { outcome: 'void', reasons: voids }
  const reasons = [...lost(step), ...growing(step)]
  return { outcome: reasons.length > 0 ? 'behind' : 'kept', reasons }
}

/** One request more or less is the resolution of a count. */
function unachieved({ due, answered, notSent, failed }: Step): readonly string[] {
  if (answered >= LEAST_ACHIEVED * due - 1) return []
  const percent = ((100 * answered) / due).toFixed(1)
  const failures = Object.entries(failed).flatMap(([kind, reasons]) =>
    Object.entries(reasons).map(([reason, count]) => `${count} ${kind}: ${reason}`),
  )
  return [
    `${answered} of ${due} requests that were due were answered meanwhile (${percent} %, least ${100 * LEAST_ACHIEVED} %)`,
    ...(notSent > 0 ? [`${notSent} were not sent, because too many waited for an answer`] : []),
    ...failures,
  ]
}

/** Each accepted order must be in the log when the waiting for it is over; an interrupted step has not waited. */
function lost({ accepted, wasInterrupted, system }: Step): readonly string[] {
  if (system === undefined || wasInterrupted || system.placed >= accepted) return []
  return [`${accepted} orders were accepted, and ${system.placed} of them are in Kafka`]
}

function growing(step: Step): readonly string[] {
  const { rate, system } = step
  if (system === undefined) return []
  const unsettled = system.samples.map(({ atS, unsettled }) => ({ atS, value: unsettled }))
  const orders = grows(unsettled, rate)
  return [
    ...(orders ? ['orders are placed faster than they are completed, rejected or cancelled'] : []),
    ...growingGroups(step).map((group) => `the lag of ${group} is growing`),
  ]
}

/** The consumer groups that fall behind. */
function growingGroups({ rate, measuredMs, system }: Step): readonly string[] {
  const lag = system?.lag ?? []
  if (measuredMs < LEAST_FOR_LAG_MS) return []
  const groups = new Set(lag.flatMap((sample) => Object.keys(sample.lag)))
  return [...groups].filter((group) => {
    const values = lag.map((sample) => ({ atS: sample.atS, value: sample.lag[group] ?? 0 }))
    return grows(values, rate, LOW_POINT_BLUR_S * steepestRise(values))
  })
}

/** A low point of a saw is seen by the next reading only, and the checkpoint that made it has taken its time, too. */
const LOW_POINT_BLUR_S = 2

/** Per second. Between two commits of a group its lag rises by all that comes in. */
function steepestRise(values: readonly Value[]): number {
  const rises = values.flatMap(({ atS, value }, index) => {
    const before = values[index - 1]
    return before === undefined ? [] : [(value - before.value) / (atS - before.atS)]
  })
  return Math.max(0, ...rises)
}

export type Value = { readonly atS: number; readonly value: number }

/**
 * Whether a count grows at this rate a second. The least value of the second half is compared with that of the first: a group
 * that commits seldom (Flink does at its checkpoints) has a lag like a saw, and the saw's low points are what it is behind.
 *
 * @param blur by how much a low point may be off, beside what a count of any kind is.
 */
export function grows(values: readonly Value[], perSecond: number, blur = 0): boolean {
  const [begin = 0, end = 0] = [values[0]?.atS, values.at(-1)?.atS]
  const middle = (begin + end) / 2
  const leastOf = (half: readonly Value[]) => Math.min(...half.map(({ value }) => value))
  const [first, second] = [
    values.filter(({ atS }) => atS < middle),
    values.filter(({ atS }) => atS >= middle),
  ]
  if (first.length === 0 || second.length === 0) return false
  return leastOf(second) - leastOf(first) > GROWTH * perSecond * (middle - begin) + SLACK + blur
}

const ALL_BUSY = 0.95
const THREAD_BUSY = 0.9
const NAMED = 3

/** What keeps the system from doing more, as far as its use of the CPU and its lag tell. */
export function limitOf(step: Step): string {
  const { measuredMs, system } = step
  if (system === undefined) return 'unknown: only answers were observed'
  const behind = growingGroups(step)
  const stage = behind.length > 0 ? `; behind: ${behind.join(', ')}` : ''
  const shares = Object.entries(system.parts)
    .map(([part, { cpuMs }]) => ({ part, share: cpuMs / measuredMs }))
    .toSorted((one, other) => other.share - one.share)
    .slice(0, NAMED)
    .map(({ part, share }) => `${part} ${percent(share)} of a core`)
  if (shares.length === 0) return `unknown: there is no /proc here${stage}`
  if (system.busyShare >= ALL_BUSY) {
    return `the cores: ${percent(system.busyShare)} busy, most by ${shares.join(', ')}${stage}`
  }
  const { busiestThread: thread } = system
  if (thread !== undefined && thread.share >= THREAD_BUSY) {
    return `a thread of ${thread.part} (${thread.group}), busy ${percent(thread.share)} of the time${stage}`
  }
  return `waiting: cores are ${percent(system.busyShare)} busy, most by ${shares.join(', ')}${stage}`
}

const percent = (share: number) => `${Math.round(100 * share)} %`
