import { describe, expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const backoff = { firstMs: 100, longestMs: 5_000 }
const longest = (attempt: number) => backoffMs(attempt, backoff, () => 1)
const shortest = (attempt: number) => backoffMs(attempt, backoff, () => 0)

describe('the pause after a failure', () => {
  test('doubles with each failure', () => {
    expect([1, 2, 3, 4].map(longest)).toEqual([100, 200, 400, 800])
  })

  test('is never longer than its bound, however often the work has failed', () => {
    expect(longest(7)).toBe(5_000)
    expect(longest(100_000)).toBe(5_000)
  })

  test('is at least half of that, so that jitter never turns it into a busy loop', () => {
    expect([1, 2, 100_000].map(shortest)).toEqual([50, 100, 2_500])
  })

  test('differs between clients that failed at the same time', () => {
    const fractions = [0.1, 0.7]
    const pauses = fractions.map((fraction) => backoffMs(3, backoff, () => fraction))
    expect(pauses).toEqual([220, 340])
  })
})
