import type { Evidence } from './evidence.ts'
import type { Row } from './evidence-tables.ts'

/** Of jobs that were stopped on purpose nothing is expected. */
const stopped = new Set(['FINISHED', 'CANCELED', 'SUSPENDED'])

/** Loads the newest Flink job of each name. @throws when Flink does not answer, or runs no job. */
export async function loadJobs(
  evidence: Evidence,
  flinkUrl: string,
  timeoutMs: number,
): Promise<void> {
  const { jobs } = await ask<Overview>(`${flinkUrl}/jobs/overview`, timeoutMs)
  const newest = new Map<string, Overview['jobs'][number]>()
  for (const job of jobs.toSorted((one, other) => one['start-time'] - other['start-time'])) {
    newest.set(job.name, job)
  }
  const expected = [...newest.values()].filter(({ state }) => !stopped.has(state))
  if (expected.length === 0) throw new Error('Flink runs no job')
  const rows = await Promise.all(expected.map((job) => rowOf(flinkUrl, job, timeoutMs)))
  await evidence.clear('flink_jobs')
  await evidence.load('flink_jobs', rows)
}

type Overview = {
  readonly jobs: readonly {
    readonly jid: string
    readonly name: string
    readonly state: string
    readonly 'start-time': number
  }[]
}

type Checkpoints = {
  readonly latest?: { readonly completed?: { readonly latest_ack_timestamp: number } | null } | null
}

type Exceptions = {
  readonly exceptionHistory?: {
    readonly entries: readonly { readonly timestamp: number; readonly stacktrace: string }[]
  }
}

async function rowOf(
  flinkUrl: string,
  job: Overview['jobs'][number],
  timeoutMs: number,
): Promise<Row<'flink_jobs'>> {
  const url = `${flinkUrl}/jobs/${job.jid}`
  const checkpoints = await ask<Checkpoints>(`${url}/checkpoints`, timeoutMs)
  const exceptions = await ask<Exceptions>(`${url}/exceptions?maxExceptions=20`, timeoutMs)
  const checkpointAt = checkpoints.latest?.completed?.latest_ack_timestamp ?? job['start-time']
  const failures = exceptions.exceptionHistory?.entries ?? []
  const since = failures.filter(({ timestamp }) => timestamp > checkpointAt)
  const last = since.toSorted((one, other) => other.timestamp - one.timestamp)[0]
  return {
    ...{ name: job.name, state: job.state, checkpoint_at: BigInt(checkpointAt) },
    ...{ failures: BigInt(since.length), cause: causeIn(last?.stacktrace) },
  }
}

/** The first line of the innermost cause in a Java stack trace. */
function causeIn(trace = 'no failure'): string {
  return (trace.split(/^\s*Caused by: /m).at(-1) ?? trace).split('\n')[0]?.trim() ?? ''
}

async function ask<Answer>(url: string, timeoutMs: number): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  // Flink's documented shapes (REST API).
  return (await response.json()) as Answer
}
