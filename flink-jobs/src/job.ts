import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { JobError } from './errors.ts'

/** A job as it lies in its folder: the SQL with its marks, and the topics that it reads and writes. */
export type Job = {
  readonly name: string
  /** Where the SQL is, as a person would look for it. */
  readonly file: string
  readonly sql: string
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  /** The topics whose contracts give the columns of the job's gold tables. */
  readonly gold: readonly string[]
}

/** Other intervals for the marks of a job's SQL, for example `{ window: "INTERVAL '10' SECOND" }`. */
export type Intervals = Readonly<Record<string, string>>

const root = new URL('../', import.meta.url)
const interval = /INTERVAL '\d{1,4}' (?:SECOND|MINUTE|HOUR|DAY)/
const marked = new RegExp(`(${interval.source})( /\\* :([a-z]+) \\*/)`, 'g')

export function jobNames(): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && contents(entry.name).includes('job.sql'))
    .map((entry) => entry.name)
    .sort()
}

/** @throws JobError when there is no such job, or its job.json cannot be used. */
export function readJob(name: string): Job {
  const names = jobNames()
  if (!names.includes(name)) {
    throw new JobError(`there is no job ${name}; the jobs are: ${names.join(', ')}`)
  }
  const { reads, writes, gold } = topicsOf(name)
  return {
    name,
    file: `flink-jobs/${name}/job.sql`,
    sql: read(`${name}/job.sql`),
    reads,
    writes,
    gold,
  }
}

/** The intervals that a job's SQL marks. @throws JobError when one mark has two values. */
export function intervalsOf(job: Job): Intervals {
  const found = new Map<string, string>()
  for (const [, value = '', , mark = ''] of job.sql.matchAll(marked)) {
    const other = found.get(mark)
    if (other !== undefined && other !== value) {
      throw new JobError(`${job.file}: the mark :${mark} has two values, ${other} and ${value}`)
    }
    found.set(mark, value)
  }
  return Object.fromEntries(found)
}

/** The job with other intervals. @throws JobError for a mark that the SQL has not, or a value that is no interval. */
export function withIntervals(job: Job, intervals: Intervals): Job {
  const known = intervalsOf(job)
  for (const [mark, value] of Object.entries(intervals)) {
    if (!(mark in known)) throw new JobError(`${job.file} has no mark :${mark}`)
    if (!new RegExp(`^${interval.source}$`).test(value)) {
      throw new JobError(`${mark}: an interval like INTERVAL '10' SECOND is expected, not ${value}`)
    }
  }
  const sql = job.sql.replaceAll(
    marked,
    (_, value: string, mark: string, name: string) => `${intervals[name] ?? value}${mark}`,
  )
  return { ...job, sql }
}

/** Of intervals for all jobs, those whose marks this one has. */
export function ownIntervals(job: Job, intervals: Intervals): Intervals {
  const known = intervalsOf(job)
  return Object.fromEntries(Object.entries(intervals).filter(([mark]) => mark in known))
}

function topicsOf(name: string): Pick<Job, 'reads' | 'writes' | 'gold'> {
  const { reads, writes, gold }: Record<string, unknown> = JSON.parse(read(`${name}/job.json`))
  if (isNames(reads) && isNames(writes) && isNames(gold)) return { reads, writes, gold }
  throw new JobError(
    `flink-jobs/${name}/job.json: lists of topics are expected: reads, writes, gold`,
  )
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function contents(folder: string): readonly string[] {
  return readdirSync(fileURLToPath(new URL(`${folder}/`, root)))
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}
