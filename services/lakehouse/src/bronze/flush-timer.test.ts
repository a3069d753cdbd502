import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FlushTimer, intervalOf } from './flush-timer.ts'

describe('the time from a table’s first buffered row to its commit', () => {
  const intervals = { flushIntervalMs: 400, earlyFlushIntervalMs: 150 }
  const now = 1_790_000_000_000
  const writtenAt = (ms: number) => ({ timestamp: String(ms) })

  it.each<[string, number, ReturnType<typeof writtenAt>, number]>([
    ['a few rows', 20, writtenAt(now - 50), 400],
    ['so many rows that a commit costs little beside them', 2_000, writtenAt(now - 50), 150],
    ['rows of a backlog, however many', 10_000, writtenAt(now - 60_000), 400],
  ])('of %s', (_what, rows, newest, intervalMs) => {
    expect(intervalOf(intervals, rows, newest, now)).toBe(intervalMs)
  })

  it('is never longer for a busy table than for others', () => {
    const short = { flushIntervalMs: 100, earlyFlushIntervalMs: 150 }
    expect(intervalOf(short, 5_000, writtenAt(now), now)).toBe(100)
  })
})

describe('the timer', () => {
  let flushes: number
  let timer: FlushTimer

  beforeEach(() => {
    vi.useFakeTimers()
    flushes = 0
    timer = new FlushTimer(() => void flushes++)
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('is due by its first start, however often it is started again', () => {
    for (let ms = 0; ms < 400; ms += 50) {
      timer.start(400)
      vi.advanceTimersByTime(50)
    }
    expect(flushes).toBe(1)
  })

  it('is brought forward by a shorter interval, which counts from the first start', () => {
    timer.start(400)
    vi.advanceTimersByTime(100)
    timer.start(150)
    vi.advanceTimersByTime(49)
    expect(flushes).toBe(0)
    vi.advanceTimersByTime(1)
    expect(flushes).toBe(1)
  })

  it('is due at once when the shorter interval is over already', () => {
    timer.start(400)
    vi.advanceTimersByTime(300)
    timer.start(150)
    vi.advanceTimersByTime(0)
    expect(flushes).toBe(1)
  })

  it('begins anew after it was stopped', () => {
    timer.start(400)
    vi.advanceTimersByTime(300)
    timer.stop()
    timer.start(400)
    vi.advanceTimersByTime(399)
    expect(flushes).toBe(0)
    vi.advanceTimersByTime(1)
    expect(flushes).toBe(1)
  })
})
