import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Gate, Rule } from './gate.ts'
import { judgeRound } from './judge.ts'
import type { Reading } from './reading.ts'

const counts = { passesInARow: 1, failuresInARow: 1, inconclusiveInARow: 5, everyMs: 1_000 }
const gateOf = (...rules: readonly Rule[]): Gate => ({ ...counts, rules })

function verdictOf(rule: Rule, reading: Reading | undefined, baseline = {}) {
  return judgeRound(gateOf(rule), new Map([[rule.metric, reading]]), baseline).verdict
}

const value = (number: number, samples?: number): Reading => ({
  kind: 'value',
  value: number,
  ...(samples !== undefined && { samples }),
})

const onFailure = 'return'

describe('one value', () => {
  const mismatches: Rule = { kind: 'limit', metric: 'm', atMost: 1e-4, minSamples: 100, onFailure }

  test.each([
    [value(0, 100), 'pass'],
    [value(1e-4, 100), 'pass'],
    [value(2e-4, 100), 'fail'],
    [value(2e-4, 99), 'inconclusive'],
    [value(0), 'inconclusive'],
    [value(Number.NaN, 100), 'inconclusive'],
    [value(Number.POSITIVE_INFINITY, 100), 'inconclusive'],
    [undefined, 'inconclusive'],
  ])('%j is %s', (reading, verdict) => {
    expect(verdictOf(mismatches, reading)).toBe(verdict)
  })

  test('below a budget that must be left, it fails', () => {
    const rule: Rule = { kind: 'limit', metric: 'budget', atLeast: 0.5, onFailure }
    expect(verdictOf(rule, value(0.49))).toBe('fail')
  })

  test('not enough comparisons yet is no failure', () => {
    const rule: Rule = { kind: 'enough', metric: 'comparisons', atLeast: 100_000, onFailure }
    expect(verdictOf(rule, value(99_999))).toBe('inconclusive')
    expect(verdictOf(rule, value(100_000))).toBe('pass')
  })

  test('growth is measured against the baseline, and without one says nothing', () => {
    const rule: Rule = { kind: 'growth', metric: 'p99', mostGrowth: 0.05, onFailure }
    expect(verdictOf(rule, value(104), { p99: 100 })).toBe('pass')
    expect(verdictOf(rule, value(106), { p99: 100 })).toBe('fail')
    expect(verdictOf(rule, value(106))).toBe('inconclusive')
  })
})

describe('canary against control', () => {
  const slower: Rule = {
    kind: 'latencies',
    metric: 'l',
    minSamples: 50,
    significance: 0.01,
    mostRatio: 1.1,
    onFailure,
  }
  const latencies = (factor: number, length = 200): Reading => {
    const control = Array.from({ length }, (_, index) => 10 + ((index * 7) % 13))
    return { kind: 'latencies', control, canary: control.map((each) => each * factor) }
  }

  test('as fast is fine, a third slower is not', () => {
    expect(verdictOf(slower, latencies(1))).toBe('pass')
    expect(verdictOf(slower, latencies(1.33))).toBe('fail')
  })

  test('a difference that a test finds and nobody feels is fine', () => {
    expect(verdictOf(slower, latencies(1.05, 20_000))).toBe('pass')
  })

  test('with too few samples there is no verdict, however large the difference', () => {
    expect(verdictOf(slower, latencies(10, 49))).toBe('inconclusive')
  })

  const worse: Rule = {
    kind: 'outcomes',
    metric: 'e',
    minSamples: 100,
    significance: 0.01,
    mostShare: 0.05,
    onFailure,
  }
  const outcomes = (failed: number, total: number, controlFailed: number): Reading => ({
    kind: 'outcomes',
    canary: { total, failed },
    control: { total: 10_000, failed: controlFailed },
  })

  test.each([
    [outcomes(0, 1_000, 0), 'pass'],
    [outcomes(2, 1_000, 10), 'pass'],
    [outcomes(20, 1_000, 10), 'fail'],
    // As bad as the control, and too bad for everybody.
    [outcomes(60, 1_000, 600), 'fail'],
    [outcomes(5, 99, 0), 'inconclusive'],
    [outcomes(200, 100, 0), 'inconclusive'],
  ])('%j is %s', (reading, verdict) => {
    expect(verdictOf(worse, reading)).toBe(verdict)
  })
})

test('a round passes only if every rule passes, and fails if one fails', () => {
  const reading = fc.constantFrom<Reading | undefined>(value(0), value(2), undefined)
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 6 }), (readings) => {
      const rules = readings.map((_, index): Rule => {
        return { kind: 'limit', metric: `${index}`, atMost: 1, onFailure }
      })
      const named = new Map(readings.map((each, index) => [`${index}`, each]))
      const { verdict } = judgeRound(gateOf(...rules), named, {})
      const values = readings.map((each) => (each?.kind === 'value' ? each.value : undefined))
      if (values.includes(2)) expect(verdict).toBe('fail')
      else expect(verdict).toBe(values.includes(undefined) ? 'inconclusive' : 'pass')
    }),
  )
})
