import { expect, test } from 'vitest'
import { Grace } from './grace.ts'

function graceAt() {
  const clock = { nowMs: 0 }
  return { clock, grace: new Grace(60_000, () => clock.nowMs) }
}

test('an entry is young by its age', () => {
  const { grace } = graceAt()
  expect(grace.isYoung('a', 59_999)).toBe(true)
  expect(grace.isYoung('a', 60_000)).toBe(false)
})

test.each([
  ['an hour', -3_600_000],
  ['a year', -31_536_000_000],
])('an entry that is dated %s ahead is waited for no longer than any other', (_, ageMs) => {
  const { clock, grace } = graceAt()
  expect(grace.isYoung('ahead', ageMs)).toBe(true)
  clock.nowMs = 59_999
  expect(grace.isYoung('ahead', ageMs)).toBe(true)
  clock.nowMs = 60_000
  expect(grace.isYoung('ahead', ageMs)).toBe(false)
})

test('what is remembered has a bound', () => {
  const { clock, grace } = graceAt()
  for (let entry = 0; entry <= 1_000; entry += 1) grace.isYoung(`entry-${entry}`, -1)
  clock.nowMs = 60_000
  expect(grace.isYoung('entry-1', -1)).toBe(false)
  expect(grace.isYoung('entry-0', -1)).toBe(true)
})
