import { expect, test } from 'vitest'
import { failsMoreByChance } from './fisher.ts'

// Fisher's tea: four cups of each kind.
test.each([
  [4, 0, 1 / 70],
  [3, 1, 17 / 70],
  [2, 2, 53 / 70],
  [0, 4, 1],
])('%i of 4 against %i of 4', (canary, control, chance) => {
  const result = failsMoreByChance({ total: 4, failed: canary }, { total: 4, failed: control })
  expect(result).toBeCloseTo(chance, 10)
})

test('agrees with exact integers where the counts are large', () => {
  const canary = { total: 1_000, failed: 30 }
  const result = failsMoreByChance(canary, { total: 1_000, failed: 10 })
  let ways = 0n
  for (let count = 30n; count <= 40n; count += 1n) {
    ways += choose(40n, count) * choose(1_960n, 1_000n - count)
  }
  const all = choose(2_000n, 1_000n)
  expect(result).toBeCloseTo(Number((ways * 10n ** 12n) / all) / 1e12, 9)
})

function choose(n: bigint, k: bigint): bigint {
  let result = 1n
  for (let index = 1n; index <= k; index += 1n) result = (result * (n - k + index)) / index
  return result
}

test('no failures at all say nothing', () => {
  expect(failsMoreByChance({ total: 10_000, failed: 0 }, { total: 50_000, failed: 0 })).toBe(1)
})
