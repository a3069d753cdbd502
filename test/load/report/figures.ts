import type { Step } from './step.ts'

/** A figure of a step by its name; NaN for one that the step does not have. */
export type Figure = {
  readonly name: string
  readonly unit: string
  readonly of: (step: Step) => number
}

const perSecond = (count: number | undefined, { measuredMs }: Step) =>
  (count ?? Number.NaN) / (measuredMs / 1_000)

/** CPU time of the whole system, or of one of its parts, for each order that has ended meanwhile. */
export function cpuMsAnOrder({ system }: Step, part?: string): number {
  if (system === undefined || system.settled === 0) return Number.NaN
  const parts = part === undefined ? Object.values(system.parts) : [system.parts[part]]
  if (parts.length === 0) return Number.NaN
  return parts.reduce((sum, each) => sum + (each?.cpuMs ?? 0), 0) / system.settled
}

/** The largest of a part's readings. */
export function memoryBytesOf({ system }: Step, part: string): number {
  return Math.max(0, ...(system?.memory ?? []).map(({ bytes }) => bytes[part] ?? 0))
}

/** The parts of the system, the one with the most CPU time first. */
export function partsOf({ system }: Step): readonly string[] {
  return Object.entries(system?.parts ?? {})
    .toSorted(([, one], [, other]) => other.cpuMs - one.cpuMs)
    .map(([part]) => part)
}

const latency = (name: string, percentile: 'p50' | 'p99'): Figure => ({
  name: `${name} ${percentile}`,
  unit: 'ms',
  of: (step) => step.latencies[name]?.[percentile] ?? Number.NaN,
})

/** What is compared between runs, and drawn against the rate. */
export const figures: readonly Figure[] = [
  { name: 'offered', unit: 'requests/s', of: (step) => perSecond(step.due, step) },
  { name: 'achieved', unit: 'requests/s', of: (step) => perSecond(step.answered, step) },
  { name: 'settled', unit: 'orders/s', of: (step) => perSecond(step.system?.settled, step) },
  { name: 'CPU', unit: 'ms an order', of: (step) => cpuMsAnOrder(step) },
  ...['http orders', 'completed', 'bronze', 'silver', 'gold'].flatMap((name) => [
    latency(name, 'p50'),
    latency(name, 'p99'),
  ]),
]
