import type { Outcomes, Reading } from '../reading.ts'
import type { Judgement } from '../verdict.ts'
import { failsMoreByChance } from './fisher.ts'

/** The share of failures of the canary against the control's of the same time. */
export type ErrorRule = {
  readonly kind: 'outcomes'
  /** Of each side; fewer are inconclusive. */
  readonly minSamples: number
  /** The chance of calling an equally good canary worse: 0.01. */
  readonly significance: number
  /** What the canary may fail whatever the control does: 0.01 is one in a hundred. Above it the step fails without a test. */
  readonly mostShare: number
}

export function judgeOutcomes(rule: ErrorRule, reading: Reading): Judgement {
  if (reading.kind !== 'outcomes') return { verdict: 'inconclusive', why: 'no outcomes' }
  const { canary, control } = reading
  if (!isPossible(canary) || !isPossible(control)) {
    return { verdict: 'inconclusive', why: 'more failures than requests, or no numbers' }
  }
  const fewest = Math.min(canary.total, control.total)
  if (fewest < rule.minSamples || fewest === 0) {
    return { verdict: 'inconclusive', why: `${fewest} samples of ${rule.minSamples}` }
  }
  const share = canary.failed / canary.total
  const chance = failsMoreByChance(canary, control)
  const why = `${canary.failed} of ${canary.total} against ${control.failed} of ${control.total}, p = ${chance.toPrecision(2)}`
  const isWorse = share > rule.mostShare || chance < rule.significance
  return { verdict: isWorse ? 'fail' : 'pass', why }
}

function isPossible({ total, failed }: Outcomes): boolean {
  return (
    Number.isSafeInteger(total) && Number.isSafeInteger(failed) && failed >= 0 && failed <= total
  )
}
