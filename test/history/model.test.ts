import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkHistory } from './check.ts'
import type { Line } from './model-broker.ts'
import { execute, type Step } from './model-clients.ts'
import { mutate, mutations } from './mutations.ts'

const SEED = 5
const step: fc.Arbitrary<Step> = fc.record({
  ...{ what: fc.nat(9), who: fc.nat(1), how: fc.nat(63) },
})
const steps = fc.array(step, { minLength: 5, maxLength: 80, size: 'max' })
const judge = (lines: readonly Line[]) => checkHistory(lines.map((line) => JSON.stringify(line)))

describe('random executions of a model broker', () => {
  test('raise no alarm', () => {
    const property = fc.property(steps, (those) => {
      const { anomalies, unseen } = judge(execute(those))
      expect({ anomalies, unseen }).toEqual({ anomalies: [], unseen: [] })
    })
    fc.assert(property, { seed: SEED, numRuns: 2_000 })
  })

  test.each(Object.keys(mutations))('raise one when a record is changed: %s', (name) => {
    let reported = 0
    let harmless = 0
    const property = fc.property(steps, fc.nat(), (those, at) => {
      const mutation = mutate(execute(those), name, at)
      if (mutation === undefined) return
      const { anomalies } = judge(mutation.lines)
      if (mutation.isHarmless) harmless += 1
      else reported += 1
      // A harmless one may be reported as well, but a harmful one must be.
      if (!mutation.isHarmless) expect(anomalies).not.toEqual([])
    })
    fc.assert(property, { seed: SEED, numRuns: 400 })
    expect(reported).toBeGreaterThan(harmless)
  })
})
