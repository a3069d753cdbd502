import { describe, expect, test } from 'vitest'
import type { TopicPartition } from './control.ts'
import { DueTicks } from './due-ticks.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const partitions: readonly TopicPartition[] = [0, 1, 2, 3].map((partition) => ({
  topic: 'orders.order.v1',
  partition,
}))
const rules = { restIntervalMs: MINUTE }

/** Looks every so many seconds, once a second unless it is said; returns how many ticks each partition got, and the longest time that one went without any row. */
function run(seconds: number, eventsAt: (second: number) => readonly number[], step = 1) {
  const due = new DueTicks(rules, 0)
  const ticks = [0, 0, 0, 0]
  const lastRowAt = [0, 0, 0, 0]
  let longestGap = 0
  for (let second = step; second <= seconds; second += step) {
    const withEvents = partitions.filter(({ partition }) => eventsAt(second).includes(partition))
    const next = due.next(partitions, withEvents, second * 1000)
    due.written(next, second * 1000)
    for (const { partition } of next) ticks[partition] = (ticks[partition] ?? 0) + 1
    for (const { partition } of [...next, ...withEvents]) {
      longestGap = Math.max(longestGap, second - (lastRowAt[partition] ?? 0))
      lastRowAt[partition] = second
    }
  }
  return { ticks, longestGap }
}

describe('a tick is written', () => {
  test('into the quiet partitions only, while others are busy', () => {
    const { ticks } = run(600, () => [0, 1, 2])
    expect(ticks).toEqual([10, 10, 10, 600])
  })

  test('so that each partition has a row a second while anything happens', () => {
    const { longestGap } = run(3_600, (second) => (second % 7 === 0 ? [second % 4] : []))
    expect(longestGap).toBe(1)
  })

  test('less often the longer nothing comes, and a window waits for it a thirtieth of that', () => {
    const gaps = [30, 300, 900].map((second) => {
      const { longestGap } = run(second, () => [])
      return longestGap
    })
    expect(gaps).toEqual([1, 10, 30])
  })

  test('once a minute after half an hour of silence', () => {
    const { ticks, longestGap } = run((2 * HOUR) / 1000, () => [])
    expect(longestGap).toBe(60)
    for (const count of ticks) expect(count).toBeLessThan(300)
  })

  test('again in every quiet partition as soon as an event comes', () => {
    const due = new DueTicks(rules, 0)
    due.written(partitions, 3 * HOUR)
    expect(due.next(partitions, [], 3 * HOUR + 1_000)).toEqual([])
    const [first, ...others] = partitions
    if (first === undefined) throw new Error('no partition')
    expect(due.next(partitions, [first], 3 * HOUR + 2_000)).toEqual(others)
  })

  test('again when it could not be written', () => {
    const due = new DueTicks(rules, 0)
    expect(due.next(partitions, [], 2 * HOUR)).toEqual(partitions)
    expect(due.next(partitions, [], 2 * HOUR + 1_000)).toEqual(partitions)
  })
})

test.each([
  ['constant load', [0, 1, 2, 3]],
  ['no load', []],
])('a month of %s has one tick a minute and partition, not one a second', (_what, busy) => {
  const { ticks } = run((30 * DAY) / 1000, () => busy, 10)
  const each = 30 * 24 * 60
  for (const count of ticks) {
    expect(count).toBeGreaterThanOrEqual(each)
    expect(count).toBeLessThan(each + 100)
  }
})
