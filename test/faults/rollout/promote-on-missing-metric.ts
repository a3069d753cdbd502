import { type JudgeRound, judgeRound } from '@tenseams/rollout/judge'

/** Judges what is there: a metric that is missing is left out, and its silence promotes. */
export const judgePresentOnly: JudgeRound = (gate, readings, baseline) => {
  const rules = gate.rules.filter(({ metric }) => {
    const reading = readings.get(metric)
    return reading !== undefined && !(reading.kind === 'value' && Number.isNaN(reading.value))
  })
  return rules.length === 0
    ? { verdict: 'pass', rules: [] }
    : judgeRound({ ...gate, rules }, readings, baseline)
}
