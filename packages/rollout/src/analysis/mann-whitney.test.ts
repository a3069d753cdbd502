import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mannWhitney } from './mann-whitney.ts'

// Example of g08amc in the manual of the NAG library, mark 30.
const group1 = [13, 5.8, 11.7, 6.5, 12.3, 6.7, 9.2, 6.9, 10, 7.3, 16, 7, 10.5, 8.5, 9, 7.5]
const group2 = [
  17, 6.2, 10.1, 8, 15.3, 8.2, 15, 9.6, 14.9, 10.4, 14.2, 9.8, 13.8, 11, 14, 11.1, 12.9, 11.6, 12.8,
  12, 13.1, 12.4, 11.9,
]

test('agrees with a published example', () => {
  expect(mannWhitney(group1, group2).u).toBe(86)
  expect(mannWhitney(group2, group1).pValue).toBeCloseTo(0.0027, 4)
})

test('ties count as halves', () => {
  expect(mannWhitney([1, 2, 2, 3], [2, 2])).toMatchObject({ u: 4, superiority: 0.5 })
  expect(mannWhitney([5, 5], [5, 5, 5]).pValue).toBe(1)
})

test('the two directions share all pairs, whatever the samples', () => {
  const sample = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(sample, sample, (first, second) => {
      const sum = mannWhitney(first, second).u + mannWhitney(second, first).u
      expect(sum).toBe(first.length * second.length)
    }),
  )
})

test('calls equal distributions slower about as often as its significance says', () => {
  const calls = fc.sample(fc.tuple(noise(), noise()), { seed: 7, numRuns: 2_000 })
  const wrong = calls.filter(([first, second]) => mannWhitney(first, second).pValue < 0.05).length
  expect(wrong / calls.length).toBeGreaterThan(0.03)
  expect(wrong / calls.length).toBeLessThan(0.07)
})

test('an empty sample is an error', () => {
  expect(() => mannWhitney([], [1])).toThrow('values of both samples')
})

function noise() {
  return fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 40, maxLength: 40 })
}
