import { describe, expect, test } from 'vitest'
import { findKnee, type KneeSearch } from './knee.ts'

const search: KneeSearch = { firstRate: 20, mostRate: 5_000, precision: 1.1, mostSteps: 20 }

/** A system that keeps up below its capacity, as a queue does, and the rates that it was tried with. */
async function kneeOf(capacity: number, changes: Partial<KneeSearch> = {}) {
  const tried: number[] = []
  const knee = await findKnee({ ...search, ...changes }, async (rate) => {
    tried.push(rate)
    return rate <= capacity
  })
  return { ...knee, tried }
}

describe('the knee of a system', () => {
  test.each([25, 39.9, 40, 100, 333, 1_234, 4_999])('of %d a second is found', async (capacity) => {
    const { kept = 0, refused = 0, tried } = await kneeOf(capacity)
    expect(kept).toBeLessThanOrEqual(capacity)
    expect(refused).toBeGreaterThan(capacity)
    expect(refused / kept).toBeLessThanOrEqual(1.1)
    expect(tried.length).toBeLessThanOrEqual(14)
  })

  test('is looked for by doubling, then between the two', async () => {
    const { tried } = await kneeOf(100)
    expect(tried).toEqual([20, 40, 80, 160, 113, 95.1, 104])
  })

  test('that is below the first rate is found below', async () => {
    const { kept = 0, tried } = await kneeOf(7)
    expect(tried.slice(0, 3)).toEqual([20, 10, 5])
    expect(kept).toBeGreaterThan(6)
    expect(kept).toBeLessThanOrEqual(7)
  })

  test('is unknown above the highest rate, and where nothing is kept', async () => {
    expect(await kneeOf(1e9)).toMatchObject({ kept: 5_000, refused: undefined })
    expect(await kneeOf(0)).toMatchObject({ kept: undefined, refused: 1 })
  })

  test('is as far as it is known when the search is ended, or has had its steps', async () => {
    expect(await kneeOf(100, { mostSteps: 3 })).toMatchObject({ kept: 80, refused: undefined })
    const ended = findKnee(search, async (rate) => (rate > 50 ? undefined : true))
    expect(await ended).toEqual({ kept: 40, refused: undefined })
  })
})
