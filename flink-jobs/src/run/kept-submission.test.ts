import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JobError } from '../errors.ts'
import { readJob, withIntervals } from '../script/job.ts'
import {
  assertSameIntervals,
  intervalsOfState,
  keepParallelism,
  keepSubmission,
  keptSubmission,
  stateToRestore,
} from './kept-submission.ts'
import { jobAsRun } from './submit.ts'

const job = readJob('revenue-per-minute')
const script = { settings: { 'parallelism.default': '1' }, tables: [], statements: [] }
const tenSeconds = withIntervals(job, { window: "INTERVAL '10' SECOND" })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ten-seams-intervals-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a job that restores its state', () => {
  it('may have the intervals with which the state was made', () => {
    keepSubmission(folder, tenSeconds, script)
    expect(() => assertSameIntervals(folder, tenSeconds)).not.toThrow()
  })

  it('is refused with another window, and the message says what to do', () => {
    keepSubmission(folder, tenSeconds, script)
    expect(() => assertSameIntervals(folder, job)).toThrow(JobError)
    expect(() => assertSameIntervals(folder, job)).toThrow(
      /window was INTERVAL '10' SECOND.*--restore/,
    )
  })

  it('keeps the parallelism that it was rescaled to', () => {
    keepParallelism(folder, job.name, 4)
    expect(keptSubmission(folder, job.name)).toBeUndefined()
    keepSubmission(folder, job, script)
    keepParallelism(folder, job.name, 4)
    expect(keptSubmission(folder, job.name)).toMatchObject({
      parallelism: 4,
      script: { settings: { 'parallelism.default': '4' } },
    })
  })
})

describe('a job whose starter wants certain intervals for a new instance only', () => {
  const wanted = { intervals: { window: "INTERVAL '10' SECOND" } }
  const started = () => {
    const options = { endpoints: { stateFolder: folder }, overrides: wanted, keepsIntervals: true }
    return jobAsRun(job.name, options)
  }
  const withState = () => {
    const savepoint = join(folder, 'savepoints', job.name, 'savepoint-1')
    mkdirSync(savepoint, { recursive: true })
    writeFileSync(join(savepoint, '_metadata'), '')
  }

  it('runs with them when it has no state', () => {
    keepSubmission(folder, job, script)
    expect(intervalsOfState(folder, job)).toBeUndefined()
    expect(started().overrides).toEqual(wanted.intervals)
  })

  it("goes on with the SQL's own when its state was made with those", () => {
    keepSubmission(folder, job, script)
    withState()
    expect(started().overrides).toEqual({})
    expect(() => assertSameIntervals(folder, started().job)).not.toThrow()
  })

  it('goes on with the intervals of its state when the SQL has others by now', () => {
    const hour = withIntervals(job, { window: "INTERVAL '1' HOUR" })
    keepSubmission(folder, hour, script)
    withState()
    expect(started().overrides).toEqual({ window: "INTERVAL '1' HOUR" })
    expect(() => assertSameIntervals(folder, started().job)).not.toThrow()
  })
})

it('a job that is started from nothing and crashes does not go on from state of before, made with other windows', () => {
  const savepoint = (name: string, second: number) => {
    const path = join(folder, 'savepoints', job.name, name)
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, '_metadata'), '')
    utimesSync(join(path, '_metadata'), second, second)
  }
  const now = Date.now() / 1_000
  keepSubmission(folder, job, script)
  savepoint('savepoint-old', now - 60)
  expect(stateToRestore(folder, job.name)).toMatch(/savepoint-old$/)
  keepSubmission(folder, tenSeconds, script, { startsAnew: true })
  expect(stateToRestore(folder, job.name)).toBeUndefined()
  savepoint('savepoint-new', now + 60)
  keepSubmission(folder, tenSeconds, script)
  expect(stateToRestore(folder, job.name)).toMatch(/savepoint-new$/)
})
