import type { Reading } from '../reading.ts'
import type { Judgement } from '../verdict.ts'
import { mannWhitney } from './mann-whitney.ts'

/**
 * The canary's latencies against the control's of the same time: slower only if the difference is both not by chance
 * (Mann-Whitney) and large enough to matter. With thousands of samples the test alone finds microseconds; with few, a ratio
 * alone finds noise.
 */
export type LatencyRule = {
  readonly kind: 'latencies'
  /** Of each side; fewer are inconclusive. */
  readonly minSamples: number
  /** The chance of calling an equally fast canary slower: 0.01. */
  readonly significance: number
  /** How much slower the canary may be at its median and at its 99th percentile: 1.1 is a tenth. */
  readonly mostRatio: number
}

export function judgeLatencies(rule: LatencyRule, reading: Reading): Judgement {
  if (reading.kind !== 'latencies') return { verdict: 'inconclusive', why: 'no latencies' }
  const { canary, control } = reading
  const fewest = Math.min(canary.length, control.length)
  if (fewest < rule.minSamples || fewest === 0) {
    return { verdict: 'inconclusive', why: `${fewest} samples of ${rule.minSamples}` }
  }
  if (![...canary, ...control].every(Number.isFinite)) {
    return { verdict: 'inconclusive', why: 'a latency is no number' }
  }
  const { pValue, superiority } = mannWhitney(canary, control)
  const ratio = Math.max(ratioAt(0.5, canary, control), ratioAt(0.99, canary, control))
  const why = `p = ${pValue.toPrecision(2)}, slower in ${Math.round(superiority * 100)} % of pairs, ratio ${ratio.toFixed(2)}`
  const isSlower = pValue < rule.significance && ratio > rule.mostRatio
  return { verdict: isSlower ? 'fail' : 'pass', why }
}

function ratioAt(share: number, canary: readonly number[], control: readonly number[]): number {
  return quantile(canary, share) / Math.max(quantile(control, share), Number.MIN_VALUE)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
