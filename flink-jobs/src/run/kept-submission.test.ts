import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JobError } from '../errors.ts'
import { readJob, withIntervals } from '../script/job.ts'
import {
  assertSameIntervals,
  keepParallelism,
  keepSubmission,
  keptSubmission,
} from './kept-submission.ts'

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
