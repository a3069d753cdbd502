import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { JobError } from './errors.ts'
import { type Intervals, intervalsOf, type Job } from './job.ts'

/**
 * State of one window size says nothing about windows of another: Flink would restore it without a word, and the
 * figures would be wrong. So the intervals that a job's state was made with are kept beside it.
 *
 * @throws JobError when the job would go on from state of other intervals. Nothing was started then.
 */
export function assertSameIntervals(stateFolder: string, job: Job): void {
  const file = fileOf(stateFolder, job)
  if (!existsSync(file)) return
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Intervals
  const wanted = intervalsOf(job)
  const changed = Object.keys({ ...kept, ...wanted }).filter((mark) => kept[mark] !== wanted[mark])
  if (changed.length === 0) return
  const changes = changed.map((mark) => `${mark} was ${kept[mark]} and is ${wanted[mark]}`)
  throw new JobError(
    `${job.name} cannot go on from its state: ${changes.join(', ')}. ` +
      'Submit it with the former intervals, or with --restore nothing: then the topics are read from their ' +
      'beginning, and what was written before is written again.',
  )
}

/** To be called before the job is started; a crash between leaves intervals without state, which nothing goes on from. */
export function keepIntervals(stateFolder: string, job: Job): void {
  const file = fileOf(stateFolder, job)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(intervalsOf(job), null, 2)}\n`)
}

const fileOf = (stateFolder: string, job: Job): string =>
  join(stateFolder, 'intervals', `${job.name}.json`)
