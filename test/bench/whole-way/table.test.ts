import { expect, test } from 'vitest'
import { aStep, aSystem, someLatencies } from '../../load/report/testing/steps.ts'
import type { Measured } from '../../load/run.ts'
import { sidesOf, stepOf, wholeWayLines } from './table.ts'

const parts = (cpuMs: number) => ({ orders: { cpuMs, groups: {} } })

const held = (cpuMs: number, ms: number): Measured => ({
  knee: undefined,
  steps: [
    aStep({
      system: aSystem({ parts: parts(cpuMs) }),
      latencies: { 'http orders': someLatencies(ms) },
    }),
  ],
})

const voided: Measured = { knee: undefined, steps: [aStep({ answered: 1 })] }

test('the sides take turns, the other one first in every second round', () => {
  expect([0, 1, 2].flatMap(sidesOf)).toEqual(['base', 'ours', 'ours', 'base', 'base', 'ours'])
})

test('medians and ratios are of the rounds in which neither side is void', () => {
  const lines = wholeWayLines([
    { base: held(60_000, 2), ours: held(30_000, 1) },
    { base: held(60_000, 2), ours: voided },
    { base: held(90_000, 2), ours: held(30_000, 1) },
    { base: held(120_000, 2), ours: held(30_000, 1) },
  ])
  const row = (name: string) => lines.find((line) => line.startsWith(name))?.split(/ {2,}/)
  expect(row('CPU')).toEqual([
    ...['CPU, ms an order', '30.0 (20.0–40.0)', '10.0 (10.0–10.0)', '0.33 (0.25–0.50)'],
  ])
  expect(row('http orders p99')?.at(-1)).toBe('0.50 (0.50–0.50)')
  expect(row('knee'), 'no knee was looked for').toBeUndefined()
  expect(lines.at(-1)).toBe('3 rounds, 1 more were void')
})

test('of a search, the knees are compared, and the step at 70 % of each', () => {
  const search = (kept: number): Measured => ({
    knee: { kept, refused: undefined },
    steps: [1, 2, 0.5, 0.7, 0.9].map((share) => aStep({ rate: share * kept })),
  })
  expect(stepOf(search(100))?.rate).toBe(70)
  const lines = wholeWayLines([{ base: search(100), ours: search(250) }])
  expect(lines.find((line) => line.startsWith('knee'))).toMatch(/100 .*250 .*2\.50/)
})

test('without a sound round there is no ratio', () => {
  expect(() => wholeWayLines([{ base: voided, ours: voided }])).toThrow('every round was void')
  expect(stepOf({ knee: { kept: undefined, refused: 1 }, steps: [aStep()] })).toBeUndefined()
})
