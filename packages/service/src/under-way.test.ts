import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnderWay } from './under-way.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('one is under way at a time, however often it is asked', () => {
  const underWay = new UnderWay({ most: 4, onLate: () => undefined })
  expect(underWay.mayBegin).toBe(true)
  const end = underWay.begin()
  expect(underWay.mayBegin).toBe(false)
  end()
  expect(underWay.mayBegin).toBe(true)
})

test('another may begin when all are late, up to the most', () => {
  const onLate = vi.fn()
  const underWay = new UnderWay({ most: 2, lateMs: 50, onLate })
  underWay.begin()
  vi.advanceTimersByTime(49)
  expect(underWay.mayBegin).toBe(false)
  vi.advanceTimersByTime(1)
  expect(onLate).toHaveBeenCalledOnce()
  expect(underWay.mayBegin).toBe(true)
  underWay.begin()
  expect(underWay.mayBegin).toBe(false)
  vi.advanceTimersByTime(1_000)
  expect(underWay.mayBegin).toBe(false)
})

test('one that ended late is forgotten, and one that ended in time is never late', () => {
  const onLate = vi.fn()
  const underWay = new UnderWay({ most: 2, lateMs: 50, onLate })
  const endFirst = underWay.begin()
  vi.advanceTimersByTime(50)
  const endSecond = underWay.begin()
  endFirst()
  expect(underWay.mayBegin).toBe(false)
  endSecond()
  vi.advanceTimersByTime(1_000)
  expect(onLate).toHaveBeenCalledOnce()
  underWay.begin()
  expect(underWay.mayBegin).toBe(false)
})
