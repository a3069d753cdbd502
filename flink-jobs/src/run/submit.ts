import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openCodec } from '@tenseams/contracts/codec'
import type { FlinkEndpoints } from '@tenseams/contracts/generate/flink'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { mechanismIn } from '@tenseams/kafka/access/login'
import {
  runningJob,
  stopWithSavepoint,
  waitUntilEnded,
  waitUntilRunning,
} from '../flink/cluster.ts'
import { flinkFileUrl } from '../script/file-url.ts'
import { assertScriptFits } from '../script/fits.ts'
import {
  type Intervals,
  type Job,
  jobNames,
  ownIntervals,
  readJob,
  withIntervals,
} from '../script/job.ts'
import { type JobSettings, type Script, savepointFolder, scriptOf } from '../script/script.ts'
import {
  assertSameIntervals,
  intervalsOfState,
  keepSubmission,
  keptSubmission,
  stateToRestore,
} from './kept-submission.ts'
import { ensureNamespace } from './namespace.ts'
import { whyNotRestored } from './restore-point.ts'
import { runScript } from './run-script.ts'

/** The servers that the jobs run on, read from and write to. */
export type JobEndpoints = Omit<FlinkEndpoints, 'kafkaMechanism'> & {
  /** Flink's, for Kafka. */
  readonly credentialsFile: string
  readonly gatewayUrl: string
  /** Flink's REST interface. */
  readonly flinkUrl: string
  /** At both and at the catalogue, of somebody who may run jobs and make a namespace. */
  readonly login: HttpLogin
  /** The folder of all checkpoints and savepoints: an absolute path that the TaskManagers can write to. */
  readonly stateFolder: string
}

export type SubmitOptions = {
  readonly endpoints: JobEndpoints
  /** Parallelism and checkpoint interval default to those of the job's last run. */
  readonly overrides?: Pick<JobSettings, 'intervals' | 'parallelism' | 'checkpointIntervalMs'>
  /**
   * `newest`: restore from the job's newest savepoint or retained checkpoint, if there is one. `nothing`: read the topics
   * from their beginning, and write every row again. Otherwise the URL of a savepoint.
   */
  readonly restoreFrom?: 'newest' | 'nothing' | (string & {})
  /**
   * A job that restores its newest state keeps the intervals with which that state was made, whatever `overrides` says:
   * for a caller that wants certain intervals for a new instance only. Otherwise other intervals are refused.
   */
  readonly keepsIntervals?: boolean
  readonly onProgress?: (line: string) => void
}

export type Submitted = {
  readonly job: string
  readonly jobId: string
  readonly outcome: 'submitted' | 'runs already'
  readonly restoredFrom?: string
}

const registryTimeoutMs = 10_000
/** On a busy machine the tasks of four jobs restore and compile for minutes. */
const runningTimeoutMs = 300_000
const stopTimeoutMs = 120_000

/**
 * Starts a job and returns when all its tasks run. A job that already runs is not touched. Its contracts must be
 * published: Flink's sinks take the id of what is published, and register nothing.
 *
 * After a crash of the caller, a job that Flink has accepted keeps running, and the next call finds it.
 *
 * @throws FlinkRefusedError with file, line and Flink's own message; JobError; FlinkUnavailableError;
 *   ContractNotPublishedError, RegistryUnavailableError; LakehouseError when the catalogue does not answer.
 */
export async function submitJob(name: string, options: SubmitOptions): Promise<Submitted> {
  const { submitted, running } = await beginJob(name, options)
  await running()
  return submitted
}

/** A job that Flink has accepted, and how to wait until all its tasks run. */
type Begun = { readonly submitted: Submitted; readonly running: () => Promise<void> }

async function beginJob(name: string, options: SubmitOptions): Promise<Begun> {
  const { endpoints, onProgress } = options
  const { job, overrides: intervals } = jobAsRun(name, options)
  await requireContracts(job, endpoints)
  const running = await runningJob(endpoints.flinkUrl, name)
  if (running !== undefined) {
    const submitted = { job: name, jobId: running.id, outcome: 'runs already' } as const
    return { submitted, running: async () => undefined }
  }
  const restoredFrom = restorePoint(name, options)
  if (restoredFrom !== undefined) assertSameIntervals(endpoints.stateFolder, job)
  const overrides = { ...options.overrides, intervals }
  const script = scriptToRun(job, { endpoints, overrides }, restoredFrom)
  await assertScriptFits(script, endpoints)
  if (job.gold.length > 0) await ensureNamespace(endpoints, 'gold')
  keepSubmission(endpoints.stateFolder, job, script, {
    overrides: intervals,
    startsAnew: options.restoreFrom === 'nothing',
  })
  onProgress?.(
    `${name}: starting ${restoredFrom === undefined ? 'without state' : `from ${restoredFrom}`}`,
  )
  const jobId = await runScript(job, script, endpoints)
  const submitted = {
    ...({ job: name, jobId, outcome: 'submitted' } as const),
    ...(restoredFrom === undefined ? {} : { restoredFrom }),
  }
  return {
    submitted,
    running: async () => {
      await waitUntilRunning(endpoints.flinkUrl, jobId, runningTimeoutMs).catch((error) => {
        throw whyNotRestored(name, error)
      })
      onProgress?.(`${name}: runs as ${jobId}`)
    },
  }
}

/**
 * A job with its current SQL. The given intervals replace the SQL's own, and so do those that the last run was given, unless
 * the job restores from nothing. With `keepsIntervals`, those of the state that it restores replace them all.
 *
 * @throws JobError when there is no such job, or it has no such mark.
 */
export function jobAsRun(
  name: string,
  {
    endpoints,
    overrides,
    restoreFrom,
    keepsIntervals = false,
  }: Pick<SubmitOptions, 'overrides' | 'restoreFrom' | 'keepsIntervals'> & {
    readonly endpoints: Pick<JobEndpoints, 'stateFolder'>
  },
): { readonly job: Job; readonly overrides: Intervals } {
  const job = readJob(name)
  const last = restoreFrom === 'nothing' ? undefined : keptSubmission(endpoints.stateFolder, name)
  const ofState = keepsIntervals ? intervalsOfState(endpoints.stateFolder, job) : undefined
  const intervals = ofState ?? {
    ...ownIntervals(job, last?.overrides ?? {}),
    ...overrides?.intervals,
  }
  return { job: withIntervals(job, intervals), overrides: intervals }
}

async function requireContracts(job: Job, { registryUrl }: JobEndpoints): Promise<void> {
  const codec = openCodec(registryUrl, registryTimeoutMs)
  await codec.requirePublished([...job.reads, ...job.writes])
}

/**
 * Starts all jobs. Two are planned at a time, because more in parallel gain nothing on two cores, and while the tasks of one
 * start, the next one is planned. Each job takes those of the intervals whose marks it has. After a failure no further job is
 * started; running ones keep running.
 *
 * @throws as `submitJob`, with the first failure.
 */
export async function submitJobs(options: SubmitOptions): Promise<readonly Submitted[]> {
  const waiting = [...jobNames()]
  const submitted: Submitted[] = []
  const failures: unknown[] = []
  const guarded = (work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      failures.push(error)
      waiting.length = 0
    })
  const starting: Promise<void>[] = []
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const intervals = ownIntervals(readJob(name), options.overrides?.intervals ?? {})
      const overrides = { ...options.overrides, intervals }
      const begun = await beginJob(name, { ...options, overrides })
      submitted.push(begun.submitted)
      starting.push(guarded(begun.running))
    }
  }
  await Promise.all([guarded(worker), guarded(worker)])
  await Promise.all(starting)
  if (failures.length > 0) throw failures[0]
  return submitted
}

export type Stopped = { readonly job: string; readonly savepoint: string }

/** Stops jobs, each with a savepoint: the named ones, or all of ours that run. */
export async function stopJobsWithSavepoint(
  endpoints: Pick<JobEndpoints, 'flinkUrl' | 'login' | 'stateFolder'>,
  names: readonly string[] = jobNames(),
): Promise<readonly Stopped[]> {
  const stopped: Stopped[] = []
  for (const job of names) {
    const running = await runningJob(endpoints.flinkUrl, job)
    if (running === undefined) continue
    const folder = flinkFileUrl(join(endpoints.stateFolder, savepointFolder(job)))
    const savepoint = await stopWithSavepoint(endpoints, running.id, folder, stopTimeoutMs)
    await waitUntilEnded(endpoints.flinkUrl, running.id, stopTimeoutMs)
    stopped.push({ job, savepoint })
  }
  return stopped
}

function restorePoint(job: string, { restoreFrom = 'newest', endpoints }: SubmitOptions) {
  if (restoreFrom === 'nothing') return undefined
  return restoreFrom === 'newest' ? stateToRestore(endpoints.stateFolder, job) : restoreFrom
}

/** The script for a job, with the settings of its last run unless overridden. @throws JobError */
export function scriptToRun(
  job: Job,
  { endpoints, overrides }: Pick<SubmitOptions, 'endpoints' | 'overrides'>,
  restoreFrom?: string,
): Script {
  const { parallelism, checkpointIntervalMs } = {
    ...keptSubmission(endpoints.stateFolder, job.name),
    ...overrides,
  }
  const kafkaMechanism = mechanismOf(endpoints)
  return scriptOf(
    job,
    { ...endpoints, kafkaMechanism },
    {
      ...overrides,
      ...(parallelism === undefined ? {} : { parallelism }),
      ...(checkpointIntervalMs === undefined ? {} : { checkpointIntervalMs }),
      stateUrl: flinkFileUrl(endpoints.stateFolder),
      ...(restoreFrom === undefined ? {} : { restoreFrom }),
    },
  )
}

/** That of an instance's first credentials, until it has any: the script can be printed before the first start. */
const FIRST_MECHANISM = 'SCRAM-SHA-512'

function mechanismOf({ credentialsFile }: Pick<JobEndpoints, 'credentialsFile'>): string {
  return existsSync(credentialsFile) ? mechanismIn(credentialsFile) : FIRST_MECHANISM
}
