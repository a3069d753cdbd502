import { expect, test } from 'vitest'
import { pageOf } from './page.ts'
import type { LoadResult } from './result.ts'
import { aStep, aSystem, someLatencies } from './testing/steps.ts'

const hostile = '</svg><script>alert("1")</script>'

const system = aSystem({
  parts: { [hostile]: { cpuMs: 9_000, groups: { [hostile]: 8_000 } } },
  samples: [1, 2].map((atS) => ({ atS, unsettled: atS, cpuShares: { [hostile]: 0.3 } })),
  memory: [1, 3].map((atS) => ({ atS, bytes: { [hostile]: 2 ** 20 } })),
  lag: [1, 3].map((atS) => ({ atS, lag: { [hostile]: atS } })),
})

const result: LoadResult = {
  ...{ format: 1, at: '2026-11-30T10:00:00.000Z', commit: hostile, machine: hostile },
  knee: { kept: 100, refused: 110 },
  settings: {
    ...{ profile: 'full', mix: hostile, repeatedPercent: 0, arrivals: 'even', seed: 1 },
    ...{ durationMs: 30_000, rampMs: 5_000, maxInFlight: 1_000, rate: undefined },
  },
  steps: [
    aStep({ system, latencies: { 'http orders': someLatencies(1), completed: someLatencies(9) } }),
    aStep({ rate: 200, answered: 9, failed: { orders: { [hostile]: 3 } } }),
  ],
}

test('a page needs nothing else, and runs nothing', () => {
  const page = pageOf(result)
  expect(page).not.toMatch(/<script|<link|<iframe|<img|@import|\ssrc=|\shref=|\son\w+=/)
  const addresses = [...page.matchAll(/(?:https?:)?\/\/[\w.]+/g)].map(([address]) => address)
  expect(new Set(addresses), 'the name of SVG').toEqual(new Set(['http://www.w3.org']))
  expect(page).not.toMatch(/url\(/)
})

test('whatever a name contains is text', () => {
  const page = pageOf(result)
  expect(page).not.toContain(hostile)
  expect(page.split('&lt;/svg&gt;&lt;script&gt;').length).toBeGreaterThan(8)
  expect(page.match(/<svg/g)?.length).toBe(page.match(/<\/svg>/g)?.length)
})

test('it shows the knee, the steps by rate, and the plots of each', () => {
  const page = pageOf(result)
  for (const part of [
    'Knee: 100 requests a second were kept, 110 were not.',
    ...['Latency against rate', 'CPU of an order against rate', 'Percentiles', 'CPU by part'],
    ...[
      'Lag by consumer group',
      'Memory by part',
      'Orders under way',
      '200 requests a second: void',
    ],
  ]) {
    expect(page).toContain(part)
  }
})
