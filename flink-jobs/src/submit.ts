import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Codec } from '@tenseams/codec/codec'
import type { FlinkEndpoints } from '@tenseams/contracts/generate/flink'
import { currentSchema } from '@tenseams/contracts/schemas'
import {
  listJobs,
  runningJob,
  stopWithSavepoint,
  waitUntilEnded,
  waitUntilRunning,
} from './cluster.ts'
import { FlinkRefusedError } from './errors.ts'
import { type GatewaySession, openSession, type StatementResult } from './gateway.ts'
import { type Intervals, type Job, jobNames, ownIntervals, readJob, withIntervals } from './job.ts'
import { assertSameIntervals, keepSubmission, keptSubmission } from './kept-submission.ts'
import { ensureNamespace } from './namespace.ts'
import { newestRestorePoint } from './restore-point.ts'
import { type JobSettings, type Script, savepointFolder, scriptOf } from './script.ts'
import type { Statement } from './statements.ts'
import { assertScriptFits } from './timeouts.ts'

/** Where the jobs run, and what they read and write. */
export type JobEndpoints = FlinkEndpoints & {
  readonly gatewayUrl: string
  /** Flink's REST interface. */
  readonly flinkUrl: string
  /** The folder of all checkpoints and savepoints, an absolute path that the TaskManagers write too. */
  readonly stateFolder: string
}

export type SubmitOptions = {
  readonly endpoints: JobEndpoints
  /** Left out, parallelism and checkpoint interval are those of the job's last run. */
  readonly overrides?: Pick<JobSettings, 'intervals' | 'parallelism' | 'checkpointIntervalMs'>
  /**
   * `newest`: go on from the job's newest savepoint or retained checkpoint if there is one. `nothing`: read the topics
   * from their beginning; what was written before is written again. Else a savepoint's URL.
   */
  readonly restoreFrom?: 'newest' | 'nothing' | (string & {})
  readonly onProgress?: (line: string) => void
}

export type Submitted = {
  readonly job: string
  readonly jobId: string
  readonly outcome: 'submitted' | 'runs already'
  readonly restoredFrom?: string
}

const registryTimeoutMs = 10_000
const runningTimeoutMs = 120_000
const stopTimeoutMs = 120_000

/**
 * Starts a job, and returns when all its tasks run. A job that runs already is left alone. Its contracts must be
 * published: Flink's sinks register what they do not find, by themselves and without a level.
 *
 * The caller may die anywhere: what Flink has accepted goes on, and the next call finds it running.
 *
 * @throws FlinkRefusedError with file, line and Flink's own message; JobError; FlinkUnavailableError;
 *   ContractNotPublishedError, RegistryUnavailableError; LakehouseError when the catalogue does not answer.
 */
export async function submitJob(name: string, options: SubmitOptions): Promise<Submitted> {
  const { endpoints, onProgress } = options
  const { job, overrides } = jobAsRun(name, options)
  await requireContracts(job, endpoints)
  const running = await runningJob(endpoints.flinkUrl, name)
  if (running !== undefined) return { job: name, jobId: running.id, outcome: 'runs already' }
  const restoredFrom = restorePoint(name, options)
  if (restoredFrom !== undefined) assertSameIntervals(endpoints.stateFolder, job)
  const script = scriptToRun(job, options, restoredFrom)
  await assertScriptFits(script, endpoints.brokers)
  if (job.gold.length > 0) await ensureNamespace(endpoints.catalogUrl, 'gold')
  keepSubmission(endpoints.stateFolder, job, script, overrides)
  onProgress?.(`${name}: starting ${restoredFrom === undefined ? 'anew' : `from ${restoredFrom}`}`)
  const jobId = await runScript(job, script, endpoints)
  await waitUntilRunning(endpoints.flinkUrl, jobId, runningTimeoutMs)
  onProgress?.(`${name}: runs as ${jobId}`)
  return {
    job: name,
    jobId,
    outcome: 'submitted',
    ...(restoredFrom === undefined ? {} : { restoredFrom }),
  }
}

/**
 * A job by its SQL of now, with those intervals in place of its own that are given, or with which it was started last; begun
 * anew it takes given ones only.
 *
 * @throws JobError when there is no such job, or no such mark in it.
 */
export function jobAsRun(
  name: string,
  {
    endpoints,
    overrides,
    restoreFrom,
  }: Pick<SubmitOptions, 'overrides' | 'restoreFrom'> & {
    readonly endpoints: Pick<JobEndpoints, 'stateFolder'>
  },
): { readonly job: Job; readonly overrides: Intervals } {
  const job = readJob(name)
  const last = restoreFrom === 'nothing' ? undefined : keptSubmission(endpoints.stateFolder, name)
  const intervals = { ...ownIntervals(job, last?.overrides ?? {}), ...overrides?.intervals }
  return { job: withIntervals(job, intervals), overrides: intervals }
}

async function requireContracts(job: Job, { registryUrl }: JobEndpoints): Promise<void> {
  const codec = new Codec({ registryUrl, timeoutMs: registryTimeoutMs, contractOf: currentSchema })
  await codec.requirePublished([...job.reads, ...job.writes])
}

/**
 * Starts every job of the house, two at a time: planning is what takes long, and two cores have no more to give. Each takes the
 * other intervals whose marks it has. After a failure no further job is begun; those that run go on.
 *
 * @throws as `submitJob`, with the first failure.
 */
export async function submitJobs(options: SubmitOptions): Promise<readonly Submitted[]> {
  const waiting = [...jobNames()]
  const submitted: Submitted[] = []
  const failures: unknown[] = []
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const intervals = ownIntervals(readJob(name), options.overrides?.intervals ?? {})
      const overrides = { ...options.overrides, intervals }
      submitted.push(await submitJob(name, { ...options, overrides }))
    }
  }
  const guarded = () =>
    worker().catch((error: unknown) => {
      failures.push(error)
      waiting.length = 0
    })
  await Promise.all([guarded(), guarded()])
  if (failures.length > 0) throw failures[0]
  return submitted
}

export type Stopped = { readonly job: string; readonly savepoint: string }

/** Stops jobs with a savepoint each, all running ones of the house unless some are named. */
export async function stopJobsWithSavepoint(
  endpoints: Pick<JobEndpoints, 'flinkUrl' | 'stateFolder'>,
  names: readonly string[] = jobNames(),
): Promise<readonly Stopped[]> {
  const stopped: Stopped[] = []
  for (const job of names) {
    const running = await runningJob(endpoints.flinkUrl, job)
    if (running === undefined) continue
    const folder = pathToFileURL(join(endpoints.stateFolder, savepointFolder(job))).href
    const savepoint = await stopWithSavepoint(endpoints.flinkUrl, running.id, folder, stopTimeoutMs)
    await waitUntilEnded(endpoints.flinkUrl, running.id, stopTimeoutMs)
    stopped.push({ job, savepoint })
  }
  return stopped
}

function restorePoint(job: string, { restoreFrom = 'newest', endpoints }: SubmitOptions) {
  if (restoreFrom === 'nothing') return undefined
  return restoreFrom === 'newest' ? newestRestorePoint(endpoints.stateFolder, job) : restoreFrom
}

/** What Flink is given for a job: as in its last run, unless something else is wanted. @throws JobError */
export function scriptToRun(
  job: Job,
  { endpoints, overrides }: Pick<SubmitOptions, 'endpoints' | 'overrides'>,
  restoreFrom?: string,
): Script {
  const { parallelism, checkpointIntervalMs } = {
    ...keptSubmission(endpoints.stateFolder, job.name),
    ...overrides,
  }
  return scriptOf(job, endpoints, {
    ...overrides,
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(checkpointIntervalMs === undefined ? {} : { checkpointIntervalMs }),
    stateUrl: pathToFileURL(endpoints.stateFolder).href,
    ...(restoreFrom === undefined ? {} : { restoreFrom }),
  })
}

/** Gives a job's script to Flink and returns the id of the job that it started. */
export async function runScript(
  job: Job,
  { settings, tables, statements }: Script,
  { gatewayUrl, flinkUrl }: Pick<JobEndpoints, 'gatewayUrl' | 'flinkUrl'>,
): Promise<string> {
  const session = await openSession(gatewayUrl, settings)
  try {
    for (const sql of tables) await session.execute(sql)
    const jobIds: (string | undefined)[] = []
    for (const statement of statements) {
      jobIds.push((await executeAt(session, job, statement)).jobId)
    }
    return await startedJob(flinkUrl, job, jobIds)
  } finally {
    await session.close()
  }
}

/** Runs one statement of a job's file. @throws FlinkRefusedError with file, line and Flink's message. */
export async function executeAt(
  session: GatewaySession,
  job: Job,
  { sql, line }: Statement,
): Promise<StatementResult> {
  try {
    return await session.execute(sql)
  } catch (error) {
    if (!(error instanceof FlinkRefusedError)) throw error
    const place = `${job.file}:${lineOf(error.message, line)}`
    throw new FlinkRefusedError(`${place}: ${error.message}`, { cause: error })
  }
}

/** Flink counts lines within a statement. */
export function lineOf(message: string, firstLine: number): number {
  const within = /\bline (\d+), column \d+/.exec(message)?.[1]
  return within === undefined ? firstLine : firstLine + Number(within) - 1
}

async function startedJob(flinkUrl: string, job: Job, ids: readonly (string | undefined)[]) {
  const id = ids.findLast((candidate) => candidate !== undefined)
  if (id !== undefined) return id
  const newest = (await listJobs(flinkUrl)).find((candidate) => candidate.name === job.name)
  if (newest !== undefined) return newest.id
  throw new FlinkRefusedError(`${job.file}: no statement of it started a job`)
}
