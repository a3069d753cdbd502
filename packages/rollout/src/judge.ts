import { judgeOutcomes } from './analysis/errors.ts'
import { judgeLatencies } from './analysis/latency.ts'
import type {
  Baseline,
  EnoughRule,
  Gate,
  GrowthRule,
  LimitRule,
  Round,
  Rule,
  RuleResult,
} from './gate.ts'
import type { Reading } from './reading.ts'
import type { Judgement, Verdict } from './verdict.ts'

export type Readings = ReadonlyMap<string, Reading | undefined>

export type JudgeRound = (gate: Gate, readings: Readings, baseline: Baseline) => Round

/**
 * One round of a gate. It fails if one rule fails, and passes only if all of them pass: a metric that is missing, is no number or has
 * too few samples is inconclusive, and so is the round.
 */
export const judgeRound: JudgeRound = (gate, readings, baseline) => {
  const rules = gate.rules.map((rule) => judgeRule(rule, readings.get(rule.metric), baseline))
  return { verdict: worstOf(rules), rules }
}

function worstOf(rules: readonly Judgement[]): Verdict {
  if (rules.some(({ verdict }) => verdict === 'fail')) return 'fail'
  return rules.length > 0 && rules.every(({ verdict }) => verdict === 'pass')
    ? 'pass'
    : 'inconclusive'
}

function judgeRule(rule: Rule, reading: Reading | undefined, baseline: Baseline): RuleResult {
  const value = reading?.kind === 'value' ? reading.value : undefined
  const isMissing = reading === undefined || (value !== undefined && !Number.isFinite(value))
  const { metric, onFailure } = rule
  const judgement: Judgement = isMissing
    ? { verdict: 'inconclusive', why: 'no such metric now' }
    : judgePresent(rule, reading, baseline)
  return {
    metric,
    onFailure,
    isMissing,
    ...judgement,
    ...(value !== undefined && !isMissing && { value }),
  }
}

function judgePresent(rule: Rule, reading: Reading, baseline: Baseline): Judgement {
  switch (rule.kind) {
    case 'latencies':
      return judgeLatencies(rule, reading)
    case 'outcomes':
      return judgeOutcomes(rule, reading)
    case 'limit':
    case 'growth':
    case 'enough':
      if (reading.kind !== 'value') return { verdict: 'inconclusive', why: 'no single value' }
      return judgeValue(rule, reading, baseline[rule.metric])
  }
}

function judgeValue(
  rule: LimitRule | GrowthRule | EnoughRule,
  { value, samples }: Extract<Reading, { kind: 'value' }>,
  before: number | undefined,
): Judgement {
  if (rule.kind === 'enough') {
    const isEnough = value >= rule.atLeast
    return { verdict: isEnough ? 'pass' : 'inconclusive', why: `${value} of ${rule.atLeast}` }
  }
  if (rule.minSamples !== undefined && !((samples ?? 0) >= rule.minSamples)) {
    return { verdict: 'inconclusive', why: `${samples ?? 0} samples of ${rule.minSamples}` }
  }
  return rule.kind === 'growth' ? judgeGrowth(rule, value, before) : judgeLimit(rule, value)
}

function judgeLimit({ atMost, atLeast }: LimitRule, value: number): Judgement {
  if (atMost !== undefined && value > atMost) {
    return { verdict: 'fail', why: `${value} is above ${atMost}` }
  }
  if (atLeast !== undefined && value < atLeast) {
    return { verdict: 'fail', why: `${value} is below ${atLeast}` }
  }
  return { verdict: 'pass', why: `${value}` }
}

function judgeGrowth({ mostGrowth }: GrowthRule, value: number, before?: number): Judgement {
  if (before === undefined || !(before > 0)) {
    return { verdict: 'inconclusive', why: 'the baseline has no value of it' }
  }
  const growth = value / before - 1
  const why = `${value}, at the baseline ${before}`
  return { verdict: growth > mostGrowth ? 'fail' : 'pass', why }
}
