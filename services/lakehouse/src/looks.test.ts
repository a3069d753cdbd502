import { expect, it } from 'vitest'
import { Looks } from './looks.ts'

const SECOND = 1_000

it('looks less and less often at what does not change, and never more seldom than the longest pause', () => {
  let nowMs = 0
  const looks = new Looks({ shortestMs: SECOND, longestMs: 8 * SECOND, nowMs: () => nowMs })
  const lookedAt: number[] = []
  for (; nowMs < 60 * SECOND; nowMs += SECOND) {
    if (!looks.isDue('bronze.orders')) continue
    lookedAt.push(nowMs / SECOND)
    looks.foundNothing('bronze.orders')
  }
  expect(lookedAt).toEqual([0, 1, 3, 7, 15, 23, 31, 39, 47, 55])
})

it('looks at once at what is known to have changed, and often again from then on', () => {
  let nowMs = 0
  const looks = new Looks({ shortestMs: SECOND, longestMs: 60 * SECOND, nowMs: () => nowMs })
  for (const pause of [1, 2, 4, 8]) {
    looks.foundNothing('a')
    looks.foundNothing('b')
    nowMs += pause * SECOND
  }
  looks.foundNothing('a')
  expect(looks.isDue('a')).toBe(false)
  looks.changed('a')
  expect(looks.isDue('a')).toBe(true)
  looks.foundNothing('a')
  nowMs += SECOND
  expect(looks.isDue('a')).toBe(true)
})
