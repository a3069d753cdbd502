import { setTimeout as pause } from 'node:timers/promises'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { FlinkRefusedError, FlinkUnavailableError, JobError } from '../errors.ts'
import { type Answer, call, rootMessage } from './http.ts'

/** A job of the session cluster. */
export type ClusterJob = { readonly id: string; readonly name: string; readonly state: string }

/** The JobManager's REST interface with the login of somebody who may change what runs there. */
export type Cluster = { readonly flinkUrl: string; readonly login: HttpLogin }

const requestTimeoutMs = 10_000
const POLL_MS = 200

const ended = new Set(['FINISHED', 'CANCELED', 'FAILED'])

/** All jobs that the cluster knows, including ended ones, newest first. */
export async function listJobs(flinkUrl: string): Promise<readonly ClusterJob[]> {
  const { jobs } = await call(`${flinkUrl}/v1/jobs/overview`, { timeoutMs: requestTimeoutMs })
  // Flink's documented shape (REST API, /jobs/overview).
  const found = (jobs ?? []) as readonly {
    jid: string
    name: string
    state: string
    'start-time': number
  }[]
  return found
    .toSorted((a, b) => b['start-time'] - a['start-time'])
    .map(({ jid, name, state }) => ({ id: jid, name, state }))
}

/** The job of that name that has not ended. */
export async function runningJob(flinkUrl: string, name: string): Promise<ClusterJob | undefined> {
  const jobs = await listJobs(flinkUrl)
  return jobs.find((job) => job.name === name && !ended.has(job.state))
}

/**
 * Waits until every task of a job runs.
 *
 * @throws JobError with Flink's root message when the job has ended or the time is up. (A job that waits for a free slot
 *   reports no error.)
 */
export async function waitUntilRunning(flinkUrl: string, jobId: string, timeoutMs: number) {
  let states = 'state unknown'
  const runs = await answerWithin(timeoutMs, async () => {
    const { state, tasks } = await jobStates(flinkUrl, jobId)
    if (ended.has(state))
      throw new JobError(`job ${jobId} ${state}: ${await reason(flinkUrl, jobId)}`)
    states = `job ${state}, tasks ${tasks.join(', ')}`
    return state === 'RUNNING' && tasks.every((task) => task === 'RUNNING') ? true : undefined
  })
  if (runs) return
  const why = await reason(flinkUrl, jobId)
  throw new JobError(`job ${jobId} does not run after ${timeoutMs} ms (${states}): ${why}`)
}

/**
 * Stops a job with a savepoint and returns the savepoint's URL. The job's last transactions are committed with it.
 * If the caller crashes meanwhile, the job stops nevertheless, and the savepoint is the newest restore point.
 */
export async function stopWithSavepoint(
  { flinkUrl, login }: Cluster,
  jobId: string,
  targetDirectory: string,
  timeoutMs: number,
): Promise<string> {
  const job = `${flinkUrl}/v1/jobs/${jobId}`
  const body = { targetDirectory, drain: false, formatType: 'CANONICAL' }
  const started = await call(`${job}/stop`, {
    method: 'POST',
    body,
    timeoutMs: requestTimeoutMs,
    login,
  })
  const location = await answerWithin(timeoutMs, async () => {
    const progress = await call(`${job}/savepoints/${String(started['request-id'])}`, {
      timeoutMs: requestTimeoutMs,
    })
    return idOf(progress.status) === 'COMPLETED' ? locationOf(progress, jobId) : undefined
  })
  if (location !== undefined) return location
  throw new FlinkUnavailableError(`job ${jobId} did not stop within ${timeoutMs} ms`)
}

/**
 * Changes the parallelism of a running job in place: Flink restarts its tasks from a checkpoint, which takes some seconds.
 * Operators that cannot run in parallel keep a parallelism of one. Returns when all tasks run with the new parallelism.
 *
 * If the caller crashes after Flink has accepted the request, the job is rescaled nevertheless.
 *
 * @throws FlinkRefusedError with Flink's reason; JobError when the time is up, for example with too few free slots.
 */
export async function rescaleJob(
  { flinkUrl, login }: Cluster,
  jobId: string,
  parallelism: number,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const url = `${flinkUrl}/v1/jobs/${jobId}`
  const before = await verticesOf(url)
  const most = (vertex: Vertex) => Math.min(parallelism, vertex.maxParallelism)
  const bounds = before.map((vertex) => {
    return [vertex.id, { parallelism: { lowerBound: 1, upperBound: most(vertex) } }]
  })
  const body = Object.fromEntries(bounds)
  await call(`${url}/resource-requirements`, {
    method: 'PUT',
    body,
    timeoutMs: requestTimeoutMs,
    login,
  })
  let now = before
  const isRescaled = await answerWithin(timeoutMs, async () => {
    now = await verticesOf(url)
    return now.every((vertex) => vertex.parallelism === most(vertex)) ? true : undefined
  })
  if (isRescaled) return waitUntilRunning(flinkUrl, jobId, Math.max(1, deadline - Date.now()))
  const reached = Math.max(...now.map((vertex) => vertex.parallelism))
  throw new JobError(
    `job ${jobId} runs with a parallelism of ${reached}, not ${parallelism}: are there free task slots?`,
  )
}

/** The highest parallelism of a job's operators; those that cannot run in parallel have one. */
export async function parallelismOf(flinkUrl: string, jobId: string): Promise<number> {
  const vertices = await verticesOf(`${flinkUrl}/v1/jobs/${jobId}`)
  return Math.max(...vertices.map((vertex) => vertex.parallelism))
}

/** The number of free task slots. */
export async function freeSlots(flinkUrl: string): Promise<number> {
  const overview = await call(`${flinkUrl}/v1/overview`, { timeoutMs: requestTimeoutMs })
  return Number(overview['slots-available'])
}

type Vertex = {
  readonly id: string
  readonly parallelism: number
  readonly maxParallelism: number
}

async function verticesOf(url: string): Promise<readonly Vertex[]> {
  const { vertices } = await call(url, { timeoutMs: requestTimeoutMs })
  // Flink's documented shape (REST API, /jobs/:jobid).
  return (vertices ?? []) as readonly Vertex[]
}

/** Cancels a job without a savepoint; its newest checkpoint is retained. */
export async function cancelJob({ flinkUrl, login }: Cluster, jobId: string): Promise<void> {
  const url = `${flinkUrl}/v1/jobs/${jobId}?mode=cancel`
  await call(url, { method: 'PATCH', timeoutMs: requestTimeoutMs, login })
  await waitUntilEnded(flinkUrl, jobId, 60_000)
}

/** Waits until a job has ended, so that another run can restore from its last state. */
export async function waitUntilEnded(flinkUrl: string, jobId: string, timeoutMs: number) {
  const hasEnded = await answerWithin(timeoutMs, async () => {
    return ended.has((await jobStates(flinkUrl, jobId)).state) ? true : undefined
  })
  if (!hasEnded) {
    throw new FlinkUnavailableError(`job ${jobId} did not end within ${timeoutMs} ms`)
  }
}

/** How many checkpoints of a job are complete. A restart by the cluster does not reset the count. */
export async function completedCheckpoints(flinkUrl: string, jobId: string): Promise<number> {
  const { counts } = await call(`${flinkUrl}/v1/jobs/${jobId}/checkpoints`, {
    timeoutMs: requestTimeoutMs,
  })
  const completed = (counts as Answer | undefined)?.completed
  return typeof completed === 'number' ? completed : 0
}

/**
 * Asks until there is an answer; undefined when the time is up. A question that Flink cannot take, as while its JobManager is
 * started again, is asked once more: the job goes on then under the same id.
 */
async function answerWithin<Value>(
  timeoutMs: number,
  ask: () => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      if (!(error instanceof FlinkUnavailableError)) throw error
    }
    await pause(POLL_MS)
  }
  return undefined
}

async function jobStates(flinkUrl: string, jobId: string) {
  const { state, vertices } = await call(`${flinkUrl}/v1/jobs/${jobId}`, {
    timeoutMs: requestTimeoutMs,
  })
  const tasks = (vertices ?? []) as readonly { status: string }[]
  return { state: String(state), tasks: tasks.map((task) => task.status) }
}

async function reason(flinkUrl: string, jobId: string): Promise<string> {
  const exceptions = await call(`${flinkUrl}/v1/jobs/${jobId}/exceptions`, {
    timeoutMs: requestTimeoutMs,
  })
  const trace = exceptions['root-exception']
  if (typeof trace === 'string') return rootMessage(trace)
  return 'Flink reports no error; is there a free task slot?'
}

function idOf(status: unknown): unknown {
  return typeof status === 'object' && status !== null && 'id' in status ? status.id : undefined
}

function locationOf(progress: Answer, jobId: string): string {
  const operation = (progress.operation ?? {}) as Answer
  if (typeof operation.location === 'string') return operation.location
  const cause = operation['failure-cause'] as Answer | undefined
  const trace = cause?.['stack-trace']
  throw new FlinkRefusedError(
    `job ${jobId}: no savepoint: ${rootMessage(String(trace ?? 'no reason'))}`,
  )
}
