import { describe, expect, test } from 'vitest'
import { compare, comparisonPage } from './compare.ts'
import type { LoadResult, Settings } from './result.ts'
import { aStep, aSystem, someLatencies } from './testing/steps.ts'

const settings: Settings = {
  ...{ profile: 'full', mix: 'orders=1', repeatedPercent: 0, arrivals: 'even', seed: 1 },
  ...{ durationMs: 30_000, rampMs: 5_000, maxInFlight: 1_000, rate: 100 },
}

function result(changes: Partial<LoadResult> = {}, different: Partial<Settings> = {}): LoadResult {
  return {
    ...{ format: 1, at: '2026-11-30T10:00:00.000Z', commit: 'abc', machine: '2 × x' },
    ...{ steps: [aStep()], knee: undefined },
    settings: { ...settings, ...different },
    ...changes,
  }
}

test('two runs of equal conditions stand side by side, with their ratio', () => {
  const slower = aStep({ latencies: { 'http orders': someLatencies(3) } })
  const comparison = compare(result(), result({ steps: [slower] }, { seed: 2 }))
  expect(comparison).toMatchObject({
    kind: 'compared',
    rows: [
      ['figure', 'a', 'b', 'b by a'],
      ['at 100 and 100 a second'],
      ['offered, requests/s', '100', '100', '1.00'],
      ['achieved, requests/s', '100', '100', '1.00'],
      ['http orders p50, ms', '50.0', '150', '3.00'],
      ['http orders p99, ms', '99.0', '297', '3.00'],
    ],
  })
})

test('two searches stand side by side by their knees, and by the steps below them', () => {
  const search = (kept: number) =>
    result(
      {
        knee: { kept, refused: kept * 1.1 },
        steps: [0.3, 0.5, 0.7, 0.9].map((share) =>
          aStep({ rate: share * kept, system: aSystem({}) }),
        ),
      },
      { rate: undefined },
    )
  const comparison = compare(search(100), search(300))
  if (comparison.kind !== 'compared') return expect.fail('they are comparable')
  expect(comparison.rows[1]).toEqual(['knee, requests/s', '100', '300', '3.00'])
  expect(comparison.rows.flat().filter((cell) => cell.startsWith('at '))).toEqual([
    ...['at 50 and 150 a second', 'at 70 and 210 a second', 'at 90 and 270 a second'],
  ])
})

describe('is not compared, with the reason', () => {
  test.each([
    [{ profile: 'minimal' }, 'profile: full in a, minimal in b'],
    [{ mix: 'orders=9,reads=1' }, 'mix: orders=1 in a, orders=9,reads=1 in b'],
    [{ durationMs: 60_000 }, 'duration: 30 s after'],
    [{ rampMs: 0 }, 'a ramp of 5 s'],
    [{ rate: 50 }, 'rate: 100 a second in a, 50 a second in b'],
    [{ rate: undefined }, 'the knee is looked for in b'],
    [{ repeatedPercent: 5 }, 'repeated keys'],
    [{ arrivals: 'poisson' }, 'arrivals'],
    [{ maxInFlight: 5 }, 'in flight'],
  ] as const)('%o', (different, reason) => {
    const comparison = compare(result(), result({}, different))
    expect(comparison.kind).toBe('different')
    expect(JSON.stringify(comparison)).toContain(reason)
  })

  test('a run that is void', () => {
    const comparison = compare(result({ steps: [aStep({ answered: 10 })] }), result())
    expect(comparison).toMatchObject({ reasons: ['a is void: it achieved less than it offered'] })
  })

  test('a run without anything that was kept', () => {
    const nothing = result({ knee: { kept: undefined, refused: 1 } }, { rate: undefined })
    expect(compare(nothing, nothing).kind).toBe('different')
  })
})

test('the page of a comparison has text as text', () => {
  const page = comparisonPage(result({ commit: '<b>' }), result(), [['figure'], ['<script>']])
  expect(page).toContain('commit &lt;b&gt;')
  expect(page).not.toContain('<script')
})
