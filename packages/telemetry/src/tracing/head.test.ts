import { expect, test } from 'vitest'
import { HeadByRate } from './head.ts'

test('the first traces of each second are recorded, and no more', () => {
  let nowMs = 10_000
  const head = new HeadByRate(3, () => nowMs)
  const within = () => Array.from({ length: 10 }, () => head.isSampled()).filter(Boolean).length
  expect(within()).toBe(3)
  nowMs = 10_999
  expect(within()).toBe(0)
  nowMs = 11_000
  expect(within()).toBe(3)
})

test('a clock that is set back stops nothing', () => {
  let nowMs = 10_000
  const head = new HeadByRate(1, () => nowMs)
  expect(head.isSampled()).toBe(true)
  nowMs = 5_000
  expect(head.isSampled()).toBe(true)
})
