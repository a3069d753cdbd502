import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JobError } from './errors.ts'
import { readJob, withIntervals } from './job.ts'
import { assertSameIntervals, keepIntervals } from './kept-intervals.ts'

const job = readJob('revenue-per-minute')
const tenSeconds = withIntervals(job, { window: "INTERVAL '10' SECOND" })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ten-seams-intervals-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a job that goes on from its state', () => {
  it('may do so with the intervals that the state was made with', () => {
    keepIntervals(folder, tenSeconds)
    expect(() => assertSameIntervals(folder, tenSeconds)).not.toThrow()
  })

  it('is refused with another window, and told what to do', () => {
    keepIntervals(folder, tenSeconds)
    expect(() => assertSameIntervals(folder, job)).toThrow(JobError)
    expect(() => assertSameIntervals(folder, job)).toThrow(
      /window was INTERVAL '10' SECOND.*--restore/,
    )
  })
})
