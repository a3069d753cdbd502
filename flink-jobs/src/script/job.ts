import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { JobError } from '../errors.ts'
import { type Included, withIncludes } from './includes.ts'

/** A job as its folder defines it: the SQL with its marks, and the topics that it reads and writes. */
export type Job = {
  readonly name: string
  /** The path of the SQL from the repository's root, for people. */
  readonly file: string
  /** With the included files in place of their directives. */
  readonly sql: string
  /** Where each line of the SQL is written. */
  readonly origins: Included['origins']
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  /** The topics whose contracts give the columns of the job's gold tables. */
  readonly gold: readonly string[]
}

/** Values that replace the marked intervals of a job's SQL, for example `{ window: "INTERVAL '10' SECOND" }`. */
export type Intervals = Readonly<Record<string, string>>

const root = new URL('../../', import.meta.url)
const interval = /INTERVAL '\d{1,4}' (?:SECOND|MINUTE|HOUR|DAY)/
/** How far something may be behind; a window of no length holds nothing, and Flink refuses it. */
const mayBeNothing = new Set(['delay', 'skew'])
const marked = new RegExp(`(${interval.source})( /\\* :([a-z]+) \\*/)`, 'g')

export function jobNames(): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && contents(entry.name).includes('job.sql'))
    .map((entry) => entry.name)
    .sort()
}

/** @throws JobError when there is no such job, its job.json is invalid, or a file that it includes does not exist. */
export function readJob(name: string): Job {
  const names = jobNames()
  if (!names.includes(name)) {
    throw new JobError(`there is no job ${name}; the jobs are: ${names.join(', ')}`)
  }
  const file = `flink-jobs/${name}/job.sql`
  const { reads, writes, gold } = topicsOf(name)
  const { sql, origins } = withIncludes(file, read(`${name}/job.sql`), (path) =>
    existsSync(new URL(path, root)) ? read(path) : undefined,
  )
  return { name, file, sql, origins, reads, writes, gold }
}

/** The marked intervals of a job's SQL. @throws JobError when one mark has two values. */
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

/** The job with other intervals. @throws JobError when the SQL has no such mark, or the value is no interval. */
export function withIntervals(job: Job, intervals: Intervals): Job {
  const known = intervalsOf(job)
  for (const [mark, value] of Object.entries(intervals)) {
    if (!(mark in known)) throw new JobError(`${job.file} has no mark :${mark}`)
    if (!new RegExp(`^${interval.source}$`).test(value)) {
      throw new JobError(`${mark}: an interval like INTERVAL '10' SECOND is expected, not ${value}`)
    }
    if (/'0+'/.test(value) && !mayBeNothing.has(mark)) {
      throw new JobError(`${mark}: an interval of some length is expected, not ${value}`)
    }
  }
  const sql = job.sql.replaceAll(
    marked,
    (_, value: string, mark: string, name: string) => `${intervals[name] ?? value}${mark}`,
  )
  return { ...job, sql }
}

/** Those of some intervals whose marks this job has. */
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
