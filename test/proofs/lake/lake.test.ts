import { expect, test } from 'vitest'
import { judge } from './judgement.ts'
import { leastKills, scheduleOf } from './schedule.ts'
import { sinkSteps } from './task.ts'

const wanted = new Map([
  ['0@1', 'one'],
  ['0@2', 'two'],
])
const rows = [...wanted].map(([position, sum]) => ({ position, sum }))
const [first = { position: '', sum: '' }] = rows

test('a table with each committed record once holds', () => {
  expect(judge(wanted, rows, [])).toMatchObject({ kind: 'holds' })
})

test.each([
  ['lost: 0@2', rows.slice(0, 1), []],
  ['doubled: 0@1', [...rows, first], []],
  ['not committed, or no row: 1@7', [...rows, { position: '1@7', sum: 'x' }], []],
  ['other values: 0@1', [{ position: '0@1', sum: 'x' }, ...rows.slice(1)], []],
  ['the chain of offsets is broken', rows, ['a gap']],
])('found: %s', (what, found, breaks) => {
  const { kind, lines } = judge(wanted, found, breaks)
  expect(kind).toBe('refuted')
  expect(lines.slice(1)).toEqual([expect.stringContaining(what)])
})

test('the same seed makes the same faults, and the least number of kills meets each step', () => {
  expect(scheduleOf(3, 20)).toEqual(scheduleOf(3, 20))
  expect(scheduleOf(3, 20)).not.toEqual(scheduleOf(4, 20))
  const steps = scheduleOf(3, leastKills).flatMap(({ kill }) =>
    kill.kind === 'kill-at-step' ? [kill.step] : [],
  )
  expect(new Set(steps)).toEqual(new Set(sinkSteps))
})
