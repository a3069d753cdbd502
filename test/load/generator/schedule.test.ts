import { describe, expect, test } from 'vitest'
import { dueTimes, type Offer } from './schedule.ts'

const offer: Offer = {
  ...{ ratePerSecond: 100, rampMs: 0, durationMs: 2_000, arrivals: 'even', seed: 1 },
}

const times = (changes: Partial<Offer> = {}) => [...dueTimes({ ...offer, ...changes })]

describe('an even offer', () => {
  test('has its rate, at equal distances, within its duration', () => {
    const due = times()
    expect(due).toHaveLength(200)
    expect(due.slice(0, 3)).toEqual([5, 15, 25])
    expect(due.at(-1)).toBeCloseTo(1_995)
  })

  test('grows during its ramp, which adds half of what the rate would', () => {
    const due = times({ rampMs: 1_000 })
    expect(due.filter((at) => at < 1_000)).toHaveLength(50)
    expect(due.filter((at) => at < 500)).toHaveLength(12)
    expect(due.filter((at) => at >= 1_000)).toHaveLength(200)
    expect(due).toEqual(due.toSorted((one, other) => one - other))
  })

  test('of less than one request in its duration is none', () => {
    expect(times({ ratePerSecond: 0.1, durationMs: 1_000 })).toEqual([])
  })
})

describe('an offer by Poisson', () => {
  test('has its rate in the mean, and gaps of every length', () => {
    const due = times({ arrivals: 'poisson', durationMs: 100_000 })
    expect(due.length).toBeGreaterThan(9_700)
    expect(due.length).toBeLessThan(10_300)
    const gaps = due.slice(1).map((at, index) => at - (due[index] ?? 0))
    const beyondMean = gaps.filter((gap) => gap > 10).length / gaps.length
    expect(beyondMean).toBeCloseTo(Math.exp(-1), 1)
  })

  test('is the same for the same seed, and another one for another', () => {
    const of = (seed: number) => times({ arrivals: 'poisson', seed })
    expect(of(7)).toEqual(of(7))
    expect(of(7)).not.toEqual(of(8))
  })
})
