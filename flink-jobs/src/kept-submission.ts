import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { JobError } from './errors.ts'
import { type Intervals, intervalsOf, type Job } from './job.ts'
import type { Script } from './script.ts'
import { checkpointIntervalOf } from './timeouts.ts'

/** With what a job's state was made: kept beside it, because the state itself does not tell. */
export type Submission = {
  readonly intervals: Intervals
  /** Those of them that stood in place of the SQL's own. */
  readonly overrides: Intervals
  readonly parallelism: number
  readonly checkpointIntervalMs: number
  /** All that Flink was given, so that it can be started again as it was. */
  readonly script: Script
}

/** To be called before the job is started; a crash between leaves a submission without state, which nothing goes on from. */
export function keepSubmission(
  stateFolder: string,
  job: Job,
  script: Script,
  overrides: Intervals = {},
): void {
  const { settings } = script
  write(stateFolder, job.name, {
    ...{ intervals: intervalsOf(job), overrides, script },
    parallelism: Number(settings['parallelism.default']),
    checkpointIntervalMs: checkpointIntervalOf(settings),
  })
}

/** A parallelism that a running job has come to; its next start takes it, unless told otherwise. */
export function keepParallelism(stateFolder: string, name: string, parallelism: number): void {
  const kept = keptSubmission(stateFolder, name)
  if (kept === undefined) return
  const settings = { ...kept.script.settings, 'parallelism.default': String(parallelism) }
  write(stateFolder, name, { ...kept, parallelism, script: { ...kept.script, settings } })
}

/** What was kept when a job was started last; undefined when it never was. */
export function keptSubmission(stateFolder: string, name: string): Submission | undefined {
  const file = fileOf(stateFolder, name)
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as Submission
}

/**
 * State of one window size says nothing about windows of another: Flink would restore it without a word, and the
 * figures would be wrong.
 *
 * @throws JobError when the job would go on from state of other intervals. Nothing was started then.
 */
export function assertSameIntervals(stateFolder: string, job: Job): void {
  const kept = keptSubmission(stateFolder, job.name)?.intervals
  if (kept === undefined) return
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

/** By a rename, so that a crash leaves the former one or this one. */
function write(stateFolder: string, name: string, submission: Submission): void {
  const file = fileOf(stateFolder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, `${JSON.stringify(submission, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

const fileOf = (stateFolder: string, name: string): string =>
  join(stateFolder, 'submissions', `${name}.json`)
