import type { GeneratorResult } from '../generator/task.ts'
import { Latencies } from '../latencies.ts'
import type { Lag } from '../observe/lag.ts'
import type { Layer } from '../observe/sights.ts'

/** Latencies in ms, and the whole distribution as HdrHistogram writes it. */
export type Distribution = {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly histogram: string
}

/** What a part of the system has used in the time that was measured. */
export type PartUse = {
  readonly cpuMs: number
  /** By thread group: threads of one kind, or Postgres' processes of one role. */
  readonly groups: Readonly<Record<string, number>>
}

/** The state at a moment, in seconds from the end of the ramp. */
export type Sample = {
  readonly atS: number
  /** Orders that were placed and have not ended. */
  readonly unsettled: number
  /** Shares of a core since the sample before, by part. */
  readonly cpuShares: Readonly<Record<string, number>>
}

/** Proportional set size by part. */
export type MemorySample = {
  readonly atS: number
  readonly bytes: Readonly<Record<string, number>>
}

export type LagSample = { readonly atS: number; readonly lag: Lag }

/** What is known of the system itself, and not only of its answers. */
export type SystemFigures = {
  /** Orders that a reader of committed records has seen placed, from the beginning on, and how many of them have ended how. */
  readonly placed: number
  readonly ends: Readonly<Record<string, number>>
  /** Orders that have ended in the time that was measured. */
  readonly settled: number
  /** Orders that no reader of the layer had seen when the waiting was over. */
  readonly unseen: Readonly<Partial<Record<Layer, number>>>
  /** By part. Empty where there is no /proc. */
  readonly parts: Readonly<Record<string, PartUse>>
  /** Of the process that observes. */
  readonly observerCpuMs: number
  /** The share of all cores that was busy, by anything on the machine, and by what is neither the system nor the load. */
  readonly busyShare: number
  readonly othersShare: number
  readonly busiestThread: BusiestThread | undefined
  readonly samples: readonly Sample[]
  readonly lag: readonly LagSample[]
  readonly memory: readonly MemorySample[]
  /** Whether everything that was accepted had ended when the waiting was over. */
  readonly isSettled: boolean
}

export type BusiestThread = {
  readonly part: string
  readonly group: string
  /** Of a core. */
  readonly share: number
}

/** One rate, held for a while. */
export type Step = {
  readonly rate: number
  readonly measuredMs: number
  readonly wasInterrupted: boolean
  /** Requests that were due, and those that were answered in the same time. */
  readonly due: number
  readonly answered: number
  readonly notSent: number
  readonly accepted: number
  /** By kind of request, then by reason. */
  readonly failed: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly generatorCpuMs: number
  /** From when a request was due: `sent`, `http <kind>`, `completed`, `bronze`, `silver`, `gold`. */
  readonly latencies: Readonly<Record<string, Distribution>>
  readonly system: SystemFigures | undefined
}

export function distributionOf(latencies: Latencies): Distribution {
  const at = (percent: number) => latencies.percentile(percent)
  return {
    count: latencies.count,
    ...{ p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100) },
    histogram: latencies.encode(),
  }
}

/** The part of a step that its generator tells. */
export function fromGenerator(rate: number, result: GeneratorResult, wasInterrupted: boolean) {
  const kinds = Object.entries(result.kinds)
  const http = kinds.map(([kind, { latencies }]) => [`http ${kind}`, latencies] as const)
  const encoded = [['sent', result.sentLate] as const, ...http]
  const failed = kinds.filter(([, kind]) => Object.keys(kind.failed).length > 0)
  return {
    ...{ rate, wasInterrupted, measuredMs: result.measuredMs, due: result.due },
    ...{ answered: result.answeredInTime, notSent: result.notSent, accepted: result.accepted },
    failed: Object.fromEntries(failed.map(([kind, { failed }]) => [kind, failed])),
    generatorCpuMs: result.cpuMs,
    latencies: Object.fromEntries(
      encoded.map(([name, text]) => [name, distributionOf(Latencies.decode(text))]),
    ),
  }
}
