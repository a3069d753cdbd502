import { expect, test } from 'vitest'
import { scheduleOf, targets } from './schedule.ts'

test('the same seed makes the same faults, another seed makes others', () => {
  expect(scheduleOf(7, 20)).toEqual(scheduleOf(7, 20))
  expect(scheduleOf(7, 20)).not.toEqual(scheduleOf(8, 20))
})

test('twenty faults hit every part, some as kills and some as pauses', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const schedule = scheduleOf(seed, 20)
    expect(new Set(schedule.map(({ target }) => target))).toEqual(new Set(targets))
    expect(new Set(schedule.map(({ kind }) => kind))).toEqual(new Set(['kill', 'pause']))
  }
})
