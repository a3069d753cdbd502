import { describe, expect, test } from 'vitest'
import { ratios, run, summarise } from './measure.ts'

describe('a summary', () => {
  test('has the median of an odd number of rounds, and the spread', () => {
    expect(summarise([5, 1, 9])).toEqual({ median: 5, least: 1, most: 9 })
  })

  test('has the mean of the two middle values of an even number', () => {
    expect(summarise([4, 1, 2, 9]).median).toBe(3)
  })

  test('of no values is refused', () => {
    expect(() => summarise([])).toThrow('nothing was measured')
  })
})

test('ratios are computed by round', () => {
  expect(ratios([10, 30], [5, 10])).toEqual([2, 3])
  expect(() => ratios([1], [])).toThrow('rounds are missing')
})

test('a run counts the answered appends of all callers', async () => {
  const counts = new Map<number, number>()
  const { events } = await run(
    async (caller) => {
      counts.set(caller, (counts.get(caller) ?? 0) + 1)
      await new Promise((resolve) => setImmediate(resolve))
    },
    3,
    200,
  )
  expect(events).toBe([...counts.values()].reduce((sum, count) => sum + count, 0))
  expect(counts.size).toBe(3)
})
