import { describe, expect, test } from 'vitest'
import { rounds } from '../support/rounds.ts'
import { brokenModes } from './flaws/flaws.ts'
import { Coverage, RunsCovered, required } from './run/coverage.ts'
import { explore, verdictOf } from './run/explore.ts'
import { report } from './run/report.ts'
import { scenarioOf } from './run/scenario.ts'
import { smallestOf } from './run/shrink.ts'
import { simulate } from './run/simulate.ts'

const SEEDS = rounds({ full: 10_000, usual: 5_000 })
const SEEDS_A_MISTAKE = 1_000

describe('the protocol', () => {
  test(`keeps every promise for ${SEEDS} seeds, in which every required event occurs`, {
    timeout: 600_000,
  }, async () => {
    const exploration = await explore({ from: 0, count: SEEDS })
    const smallest = await smallestOf(exploration.failing, {})
    if (smallest !== undefined) expect.fail(report(smallest).join('\n'))
    expect(exploration.covered.missing).toEqual([])
    expect(verdictOf(exploration)).toBe('holds')
  })

  test('has no verdict when a required event never occurred', () => {
    const covered = new RunsCovered()
    const silent = { runs: SEEDS, covered, failing: [] }
    expect(covered.missing).toEqual(required)
    expect(verdictOf(silent)).toBe('undecided')
    const coverage = new Coverage()
    for (const occurrence of required.slice(1)) coverage.add(occurrence)
    covered.add(coverage)
    expect(covered.missing).toEqual(required.slice(0, 1))
    expect(verdictOf(silent)).toBe('undecided')
  })
})

describe('a planted mistake is found and shrunk to few steps', () => {
  test.each(Object.entries(brokenModes))('%s', { timeout: 300_000 }, async (_name, { flaws }) => {
    const { failing } = await explore({ from: 0, count: SEEDS_A_MISTAKE }, flaws)
    const smallest = await smallestOf(failing, flaws)
    if (smallest === undefined) return expect.fail(`not found within ${SEEDS_A_MISTAKE} seeds`)
    expect(smallest.outcome.violations).not.toEqual([])
    expect(smallest.scenario.records.length).toBeLessThanOrEqual(6)
    expect(smallest.scenario.faults.length).toBeLessThanOrEqual(4)
    const lines = report(smallest)
    expect(lines[0]).toMatch(/^seed \d+, (?:loop|inbox|lake|chain): \d+ records, \d+ faults$/)
    expect(lines).toContainEqual(expect.stringMatching(/ BROKEN: /))
    expect(lines).toContainEqual(expect.stringMatching(/ 0 ms +\w+-0 +starts$/))
    // Without the mistake the same case has no violation.
    expect((await simulate(smallest.scenario)).violations).toEqual([])
  })
})

describe('a seed', () => {
  test('gives the same run each time, step by step', async () => {
    const kinds = new Set<string>()
    for (let seed = 0; kinds.size < 4; seed++) {
      const scenario = scenarioOf(seed)
      kinds.add(scenario.kind)
      const first = await simulate(scenario, {}, { traced: true })
      const second = await simulate(scenarioOf(seed), {}, { traced: true })
      expect(first.trace.length).toBeGreaterThan(20)
      expect(second).toEqual(first)
    }
  })

  test('differs from the next', () => {
    expect(scenarioOf(1).records).not.toEqual(scenarioOf(2).records)
  })

  test('does not change the clocks of other code', async () => {
    const { setTimeout, setInterval } = globalThis
    const { now } = Date
    await simulate(scenarioOf(3))
    expect([globalThis.setTimeout, globalThis.setInterval, Date.now]).toEqual([
      setTimeout,
      setInterval,
      now,
    ])
    expect(performance.now()).not.toBe(performance.now())
  })
})
