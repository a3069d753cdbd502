import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readJob } from '../script/job.ts'
import { intervalsInUse, keptIntervalsLine, secondsOf } from './kept-intervals.ts'
import { keepSubmission } from './kept-submission.ts'

const script = { settings: { 'parallelism.default': '1' }, tables: [], statements: [] }
const wanted = { term: "INTERVAL '20' SECOND", gap: "INTERVAL '10' SECOND" }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ten-seams-kept-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function stateOf(name: string) {
  keepSubmission(folder, readJob(name), script)
  const savepoint = join(folder, 'savepoints', name, 'savepoint-1')
  mkdirSync(savepoint, { recursive: true })
  writeFileSync(join(savepoint, '_metadata'), '')
}

test('a new instance has the intervals that its start wants, and nothing is said', () => {
  expect(intervalsInUse(folder, 'order-to-cash', wanted).term).toBe(wanted.term)
  expect(keptIntervalsLine(folder, wanted)).toBeUndefined()
})

test('a start with other intervals than those of the state goes on with the latter, and says so', () => {
  stateOf('order-to-cash')
  expect(intervalsInUse(folder, 'order-to-cash', wanted).term).toBe("INTERVAL '15' MINUTE")
  expect(keptIntervalsLine(folder, wanted)).toMatch(/go on from their state.*term '15' MINUTE/)
})

test('a start that wants no certain intervals says nothing', () => {
  stateOf('order-to-cash')
  expect(keptIntervalsLine(folder, {})).toBeUndefined()
})

test.each([
  ["INTERVAL '10' SECOND", 10],
  ["INTERVAL '15' MINUTE", 900],
  ["INTERVAL '2' HOUR", 7_200],
  ["INTERVAL '1' DAY", 86_400],
])('%s has %i seconds', (interval, seconds) => {
  expect(secondsOf(interval)).toBe(seconds)
})
