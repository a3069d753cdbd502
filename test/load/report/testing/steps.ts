import { Latencies } from '../../latencies.ts'
import { distributionOf, type Step, type SystemFigures } from '../step.ts'

/** Latencies of 1 … 100 times this. */
export function someLatencies(ms: number) {
  const latencies = new Latencies()
  for (let each = 1; each <= 100; each += 1) latencies.record(each * ms)
  return distributionOf(latencies)
}

/** A step that was kept: 100 requests a second for half a minute. */
export function aStep(changes: Partial<Step> = {}): Step {
  return {
    ...{ rate: 100, measuredMs: 30_000, wasInterrupted: false },
    ...{ due: 3_000, answered: 3_000, notSent: 0, accepted: 3_000, failed: {} },
    generatorCpuMs: 600,
    latencies: { sent: someLatencies(0.01), 'http orders': someLatencies(1) },
    system: undefined,
    ...changes,
  }
}

export function aSystem(changes: Partial<SystemFigures> = {}): SystemFigures {
  return {
    ...{ placed: 3_000, ends: { OrderCompleted: 3_000 }, settled: 3_000, unseen: {} },
    ...{ parts: {}, observerCpuMs: 900, busyShare: 0.5, othersShare: 0.01 },
    ...{ busiestThread: undefined, samples: [], lag: [], memory: [], isSettled: true },
    ...changes,
  }
}
