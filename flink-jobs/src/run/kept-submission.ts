import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { JobError } from '../errors.ts'
import { checkpointIntervalOf } from '../script/fits.ts'
import { type Intervals, intervalsOf, type Job } from '../script/job.ts'
import type { Script } from '../script/script.ts'
import { newestRestorePoint } from './restore-point.ts'

/** The settings with which a job's state was made. They are kept beside the state, which does not contain them. */
export type Submission = {
  readonly intervals: Intervals
  /** Those of the intervals that replaced the SQL's own. */
  readonly overrides: Intervals
  readonly parallelism: number
  readonly checkpointIntervalMs: number
  /** The whole script, so that the job can be started again unchanged. */
  readonly script: Script
  /** When it was last started from nothing. State from before then is of another run, maybe with other intervals. */
  readonly anewSinceMs?: number
}

/**
 * Call it before the job is started. A crash in between leaves a submission without state, which nothing restores from: what
 * a job that is started anew had before is not restored any more.
 */
export function keepSubmission(
  stateFolder: string,
  job: Job,
  script: Script,
  { overrides = {}, startsAnew = false }: { overrides?: Intervals; startsAnew?: boolean } = {},
): void {
  const { settings } = script
  const anewSinceMs = startsAnew ? Date.now() : keptSubmission(stateFolder, job.name)?.anewSinceMs
  write(stateFolder, job.name, {
    ...{ intervals: intervalsOf(job), overrides, script },
    parallelism: Number(settings['parallelism.default']),
    checkpointIntervalMs: checkpointIntervalOf(settings),
    ...(anewSinceMs === undefined ? {} : { anewSinceMs }),
  })
}

/** The state from which a job goes on, as a URL; undefined when it has none since it was last started from nothing. */
export function stateToRestore(stateFolder: string, name: string): string | undefined {
  return newestRestorePoint(stateFolder, name, keptSubmission(stateFolder, name)?.anewSinceMs)
}

/** Keeps the parallelism of a rescaled job for its next start. */
export function keepParallelism(stateFolder: string, name: string, parallelism: number): void {
  const kept = keptSubmission(stateFolder, name)
  if (kept === undefined) return
  const settings = { ...kept.script.settings, 'parallelism.default': String(parallelism) }
  write(stateFolder, name, { ...kept, parallelism, script: { ...kept.script, settings } })
}

/** What was kept at the job's last start; undefined when it was never started. */
export function keptSubmission(stateFolder: string, name: string): Submission | undefined {
  const file = fileOf(stateFolder, name)
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as Submission
}

/**
 * The intervals with which a job must run in order to restore its newest state: those of the kept ones that are not the
 * SQL's own. Undefined when there is no state to restore.
 */
export function intervalsOfState(stateFolder: string, job: Job): Intervals | undefined {
  const kept = keptSubmission(stateFolder, job.name)?.intervals
  if (kept === undefined || newestRestorePoint(stateFolder, job.name) === undefined)
    return undefined
  const own = intervalsOf(job)
  const changed = Object.entries(kept).filter(([mark, value]) => {
    return own[mark] !== undefined && own[mark] !== value
  })
  return Object.fromEntries(changed)
}

/**
 * State of one window size is useless for windows of another: Flink would restore it silently, and the figures would be
 * wrong. Call it before the job is started.
 *
 * @throws JobError when the job's state was made with other intervals.
 */
export function assertSameIntervals(stateFolder: string, job: Job): void {
  const kept = keptSubmission(stateFolder, job.name)?.intervals
  if (kept === undefined) return
  const wanted = intervalsOf(job)
  const changed = Object.keys({ ...kept, ...wanted }).filter((mark) => kept[mark] !== wanted[mark])
  if (changed.length === 0) return
  const changes = changed.map((mark) => `${mark} was ${kept[mark]} and is ${wanted[mark]}`)
  throw new JobError(
    `${job.name} cannot be restored from its state: ${changes.join(', ')}. ` +
      'Submit it with the previous intervals, or with --restore nothing, which reads the topics from their ' +
      'beginning and writes every row again.',
  )
}

/** Renames a complete file, so that a crash leaves either the previous one or this one. */
function write(stateFolder: string, name: string, submission: Submission): void {
  const file = fileOf(stateFolder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, `${JSON.stringify(submission, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

const fileOf = (stateFolder: string, name: string): string =>
  join(stateFolder, 'submissions', `${name}.json`)
