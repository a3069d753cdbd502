import { type ClusterJob, listJobs } from './cluster.ts'
import { type Answer, call, rootMessage } from './http.ts'

/**
 * What a job does, for people. Flink's own state is not enough: a job that cannot write is RUNNING for some seconds, fails,
 * starts again, and so on for ever, since our restart strategy has no end.
 */
export type JobProgress = {
  readonly id: string
  readonly name: string
  /** Flink's state, or what it hides: RESTARTING (again and again), STALLED (no checkpoint), STARTING (not all tasks run). */
  readonly state: string
  /** False when somebody must look, or must wait. An ended job is well when it was stopped, not when it has failed. */
  readonly isWell: boolean
  /** Empty when it is well. */
  readonly why: string
  /** The root exception of the last failure, where that is the reason. */
  readonly cause?: string
  readonly next?: string
}

/** Flink's answers about one job (REST API, /jobs/:jobid and below). */
export type JobAnswers = {
  readonly job: {
    /** By the JobManager's clock, like all times here. */
    readonly now: number
    readonly state: string
    readonly 'start-time': number
    readonly vertices: readonly { readonly name: string; readonly status: string }[]
  }
  readonly checkpoints: {
    readonly latest?: {
      readonly completed?: { readonly latest_ack_timestamp: number } | null
      readonly failed?: {
        readonly failure_timestamp: number
        readonly failure_message?: string
      } | null
    } | null
  }
  readonly config: { readonly interval: number }
  readonly exceptions: {
    readonly 'root-exception'?: string | null
    readonly exceptionHistory?: {
      readonly entries: readonly { readonly timestamp: number; readonly stacktrace: string }[]
    }
  }
}

/** So many failures with no checkpoint in between, or within two minutes, are no accident any more. */
const FAILURES_WITHOUT_CHECKPOINT = 2
const FAILURES_AT_ONCE = 3
const AT_ONCE_MS = 120_000
/** A checkpoint is due after each interval; this much later it is missing. */
const MISSING_INTERVALS = 3
const MISSING_MS = 60_000

const stopped = new Set(['FINISHED', 'CANCELED', 'SUSPENDED'])
const REQUEST_TIMEOUT_MS = 10_000

/**
 * The newest job of each name that the cluster knows, judged.
 *
 * @throws FlinkUnavailableError, FlinkRefusedError
 */
export async function jobsProgress(flinkUrl: string): Promise<readonly JobProgress[]> {
  const jobs = new Map<string, ClusterJob>()
  for (const job of await listJobs(flinkUrl)) if (!jobs.has(job.name)) jobs.set(job.name, job)
  return Promise.all([...jobs.values()].map((job) => progressOf(flinkUrl, job)))
}

async function progressOf(flinkUrl: string, job: ClusterJob): Promise<JobProgress> {
  if (stopped.has(job.state)) return { ...job, isWell: true, why: '' }
  const url = `${flinkUrl}/v1/jobs/${job.id}`
  const ask = (path: string) => call(`${url}${path}`, { timeoutMs: REQUEST_TIMEOUT_MS })
  const [details, checkpoints, config, exceptions] = await Promise.all(
    ['', '/checkpoints', '/checkpoints/config', '/exceptions?maxExceptions=20'].map(ask),
  )
  const answers = { job: details, checkpoints, config, exceptions } as Record<string, Answer>
  // Flink's documented shapes.
  return judgeJob(job, answers as unknown as JobAnswers)
}

/** Judges a job by its restarts since its last completed checkpoint, its tasks' states and the checkpoint's age. */
export function judgeJob(
  { id, name }: Pick<ClusterJob, 'id' | 'name'>,
  answers: JobAnswers,
): JobProgress {
  const { job, config } = answers
  const ill = (state: string, why: string, more: Partial<JobProgress> = {}): JobProgress => ({
    ...{ id, name, state, isWell: false, why },
    ...more,
  })
  const { failures, since, atOnce, checkpointMs } = historyOf(answers)
  const cause = causeOf(answers)
  const ago = `${Math.round((job.now - checkpointMs) / 1_000)} s`
  if (job.state === 'FAILED') {
    return ill('FAILED', 'it has ended with a failure', {
      cause,
      next: `\`npm run jobs -- submit ${name}\``,
    })
  }
  if (since >= FAILURES_WITHOUT_CHECKPOINT || atOnce >= FAILURES_AT_ONCE) {
    const count = since >= FAILURES_WITHOUT_CHECKPOINT ? since : atOnce
    const why = `it has failed ${count} times, the last checkpoint was ${ago} ago`
    return ill('RESTARTING', why, { cause, next: repair })
  }
  const lastCause = failures === 0 ? {} : { cause }
  const waiting = job.vertices.filter(({ status }) => status !== 'RUNNING' && status !== 'FINISHED')
  if (job.state !== 'RUNNING' || waiting.length > 0) {
    const tasks = [...new Set(waiting.map(({ status }) => status))].join(', ')
    const why = `${waiting.length} of ${job.vertices.length} operators are ${tasks || job.state}, the last checkpoint was ${ago} ago`
    const state = job.state === 'RUNNING' ? 'STARTING' : job.state
    return ill(state, why, { ...lastCause, next: slots })
  }
  if (job.now - checkpointMs > MISSING_INTERVALS * config.interval + MISSING_MS) {
    const why = `it has had no checkpoint for ${ago}; one is due every ${config.interval / 1_000} s`
    const failed = failedCheckpoint(answers)
    return ill('STALLED', why, { ...(failed ? { cause: failed } : lastCause), next: repair })
  }
  return { id, name, state: job.state, isWell: true, why: '' }
}

const repair =
  'repair the cause, such as the table or topic that it names: the job goes on by itself from its last checkpoint. ' +
  'The whole trace: `npm run stack -- logs flink-jobmanager`'

const slots =
  'ask again in some seconds; a job that stays so waits for a TaskManager: `npm run stack -- status`'

function historyOf({ job, checkpoints, exceptions }: JobAnswers) {
  // A checkpoint that was restored is no progress: a job that restarts restores the same one each time.
  const checkpointMs = checkpoints.latest?.completed?.latest_ack_timestamp ?? job['start-time']
  const times = (exceptions.exceptionHistory?.entries ?? []).map(({ timestamp }) => timestamp)
  const after = (ms: number) => times.filter((time) => time > ms).length
  return {
    checkpointMs,
    failures: times.length,
    since: after(checkpointMs),
    atOnce: after(job.now - AT_ONCE_MS),
  }
}

function causeOf({ exceptions }: JobAnswers): string {
  const [newest] = (exceptions.exceptionHistory?.entries ?? []).toSorted(
    (one, other) => other.timestamp - one.timestamp,
  )
  return rootMessage(newest?.stacktrace ?? exceptions['root-exception'] ?? 'Flink names no cause')
}

function failedCheckpoint({ checkpoints }: JobAnswers): string | undefined {
  const { completed, failed } = checkpoints.latest ?? {}
  const isNewer = (failed?.failure_timestamp ?? 0) > (completed?.latest_ack_timestamp ?? 0)
  return isNewer ? failed?.failure_message : undefined
}

/** For people: a line, and beneath it what is wrong. */
export function progressLines({
  id,
  name,
  state,
  why,
  cause,
  next,
}: JobProgress): readonly string[] {
  const line = `${id} ${state} ${name}`
  if (why === '') return [line]
  return [
    `${line}: ${why}`,
    ...(cause === undefined ? [] : [`  cause: ${cause.split('\n')[0]}`]),
    ...(next === undefined ? [] : [`  next:  ${next}`]),
  ]
}
