import { expect, test } from 'vitest'
import { Seen } from './seen.ts'

const seen = (...told: readonly (readonly [string, number])[]) => {
  const all = new Seen()
  for (const [orderId, version] of told) {
    all.add({ orderId, version, atMs: 1_100, changedAtMs: 1_000 })
  }
  return all
}

test('a version that was never told is missed, one that was told twice is doubled, and without its newest an order is stale', () => {
  const all = seen(['a', 1], ['a', 3], ['b', 1], ['b', 1])
  const written = new Map([...Object.entries({ a: 3, b: 1, c: 1 })])
  expect(all.compare(written)).toEqual({
    written: 5,
    missed: ['a@2', 'c@1'],
    doubled: ['b@1'],
    stale: ['c'],
  })
})

test('only versions after those of before count', () => {
  const all = seen(['a', 3])
  const before = new Map([['a', 2]])
  expect(all.compare(new Map([['a', 3]]), before)).toEqual({
    ...{ written: 1, missed: [], doubled: [], stale: [] },
  })
})

test('freshness is from the time of the store where it knows one', () => {
  const all = seen(['a', 1], ['b', 1])
  const freshness = all.freshness(new Map([['a@1', 1_040]]))
  expect(freshness.count).toBe(2)
  expect(freshness.percentile(1)).toBeCloseTo(60, 0)
  expect(freshness.percentile(99)).toBeCloseTo(100, 0)
})
