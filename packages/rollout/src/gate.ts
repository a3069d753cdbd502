import type { ErrorRule } from './analysis/errors.ts'
import type { LatencyRule } from './analysis/latency.ts'
import type { Judgement, Verdict } from './verdict.ts'

/** When a step is over, and when it is undone. Data, so that a plan can be shown, compared and reviewed. */
export type Gate = {
  readonly rules: readonly Rule[]
  /** Rounds that must pass one after another; a round that does not pass begins the count anew. */
  readonly passesInARow: number
  /** Rounds that must fail one after another before the step is undone, except by a rule that does so at once. */
  readonly failuresInARow: number
  /** Rounds in a row without a verdict after which a person is asked: the rollout pauses. */
  readonly inconclusiveInARow: number
  readonly everyMs: number
}

export type Rule = (LimitRule | GrowthRule | EnoughRule | LatencyRule | ErrorRule) & {
  readonly metric: string
  /** `return` undoes the step after the gate's failures in a row, `return-at-once` after this one, `pause` asks a person. */
  readonly onFailure: 'return' | 'return-at-once' | 'pause'
}

/** A value within limits. Fewer samples than it needs are inconclusive. */
export type LimitRule = {
  readonly kind: 'limit'
  readonly atMost?: number
  readonly atLeast?: number
  readonly minSamples?: number
}

/** A value that has grown by this share at most since the baseline of the same rollout. */
export type GrowthRule = {
  readonly kind: 'growth'
  readonly mostGrowth: number
  readonly minSamples?: number
}

/** Not before there is enough of something: below it is inconclusive, and never a failure. */
export type EnoughRule = { readonly kind: 'enough'; readonly atLeast: number }

/** What one rule said in one round. Of latencies and outcomes only the reason is kept. */
export type RuleResult = Judgement & {
  readonly metric: string
  readonly onFailure: Rule['onFailure']
  readonly isMissing: boolean
  readonly value?: number
}

export type Round = { readonly verdict: Verdict; readonly rules: readonly RuleResult[] }

/** Values of a rollout's own baseline, by metric. */
export type Baseline = Readonly<Record<string, number>>
