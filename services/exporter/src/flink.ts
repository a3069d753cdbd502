import { oneOf, type Sample, type Source } from './source.ts'

type Job = {
  readonly jid: string
  readonly name: string
  readonly state: string
  readonly 'start-time': number
}
type Vertex = { readonly id: string }
/** A task and those that it reads from; a source reads from none. */
type Node = { readonly id: string; readonly inputs?: readonly { readonly id: string }[] }
type RunningJob = {
  readonly vertices: readonly Vertex[]
  readonly plan?: { readonly nodes: readonly Node[] }
}
type Metric = { readonly id: string; readonly value?: string; readonly max?: number }
type Checkpoints = {
  readonly counts: { readonly failed: number }
  readonly latest?: { readonly completed?: { readonly latest_ack_timestamp: number } | null } | null
}

/** What Flink says of one job. */
export type JobReport = {
  readonly name: string
  readonly state: string
  readonly restarts: number | undefined
  readonly failedCheckpoints: number | undefined
  readonly checkpointAtMs: number | undefined
  /** Milliseconds of a second in which the most held back task waits. */
  readonly backPressuredMs: number | undefined
  /** Of each subtask of the tasks that read from a source, in milliseconds; Flink's least number before the first one. */
  readonly watermarks: readonly { readonly subtask: number; readonly ms: number }[]
}

const states = ['running', 'restarting', 'failing', 'failed', 'finished', 'other'] as const
type State = (typeof states)[number]

/** Flink's states by ours; what is not here is `other`, such as a job that was cancelled. */
const stateOf: Readonly<Record<string, State>> = {
  RUNNING: 'running',
  RESTARTING: 'restarting',
  CREATED: 'restarting',
  INITIALIZING: 'restarting',
  FAILING: 'failing',
  FAILED: 'failed',
  FINISHED: 'finished',
}

/** Windows and Flink's own jobs for single statements have other names: what is not in the contracts is not watched. */
const MOST_JOBS = 16
/** Before the first watermark, and after the last one, Flink shows its least and its greatest number. */
const LONGEST_WATERMARK_MS = 8.64e15

/** Flink's jobs by its REST interface: the newest run of each name. */
export function flinkSource(flinkUrl: string): Source {
  return {
    name: 'flink',
    gauges: [
      'tenseams_flink_job_state',
      'tenseams_flink_job_restarts',
      'tenseams_flink_last_checkpoint_timestamp_seconds',
      'tenseams_flink_failed_checkpoints',
      'tenseams_flink_back_pressure_ratio',
      'tenseams_flink_watermark_timestamp_seconds',
      'tenseams_flink_watermark_subtask',
    ],
    keptMs: 0,
    ask: async (signal) => {
      const overview = await askFlink<{ readonly jobs: readonly Job[] }>(
        `${flinkUrl}/jobs/overview`,
        signal,
      )
      const newest = newestRuns(overview?.jobs ?? []).slice(0, MOST_JOBS)
      const reports = await Promise.all(newest.map((job) => report(flinkUrl, job, signal)))
      return reports.flatMap(samplesOf)
    },
  }
}

export function newestRuns(jobs: readonly Job[]): readonly Job[] {
  const byName = new Map<string, Job>()
  for (const job of jobs.toSorted((one, other) => one['start-time'] - other['start-time'])) {
    byName.set(job.name, job)
  }
  return [...byName.values()]
}

async function report(flinkUrl: string, run: Job, signal: AbortSignal): Promise<JobReport> {
  const url = `${flinkUrl}/jobs/${run.jid}`
  const checkpoints = await askFlink<Checkpoints>(`${url}/checkpoints`, signal)
  const common = {
    name: run.name,
    state: run.state,
    failedCheckpoints: checkpoints?.counts.failed,
    checkpointAtMs: checkpoints?.latest?.completed?.latest_ack_timestamp,
  }
  // A job that has ended has no tasks to ask.
  if (stateOf[run.state] !== 'running') {
    return { ...common, restarts: undefined, backPressuredMs: undefined, watermarks: [] }
  }
  const job = await askFlink<RunningJob>(url, signal)
  const [restarts] =
    (await askFlink<readonly Metric[]>(`${url}/metrics?get=numRestarts`, signal)) ?? []
  const tasks = await Promise.all(
    (job?.vertices ?? []).map(({ id }) => reportTask(id, `${url}/vertices/${id}`, signal)),
  )
  const held = tasks.flatMap(({ backPressuredMs }) => backPressuredMs ?? [])
  const readers = readersOfSources(job?.plan?.nodes ?? [])
  return {
    ...common,
    restarts: restarts?.value === undefined ? undefined : Number(restarts.value),
    backPressuredMs: held.length === 0 ? undefined : Math.max(...held),
    watermarks: tasks.flatMap(({ id, watermarks }) => (readers.has(id) ? watermarks : [])),
  }
}

/**
 * The tasks behind the sources. What comes after a join by time is as far behind as the join looks back, a quarter of an hour with
 * nothing wrong, so its watermark says nothing about the sources.
 */
export function readersOfSources(nodes: readonly Node[]): ReadonlySet<string> {
  const sources = new Set(
    nodes.filter(({ inputs = [] }) => inputs.length === 0).map(({ id }) => id),
  )
  const readers = nodes.filter(({ inputs = [] }) => inputs.some(({ id }) => sources.has(id)))
  return new Set(readers.map(({ id }) => id))
}

async function reportTask(id: string, url: string, signal: AbortSignal) {
  const held = 'backPressuredTimeMsPerSecond'
  const [pressures, marks] = await Promise.all([
    askFlink<readonly Metric[]>(`${url}/subtasks/metrics?get=${held}&agg=max`, signal),
    askFlink<readonly Metric[]>(`${url}/watermarks`, signal),
  ])
  const watermarks = (marks ?? []).flatMap(({ id: subtask, value }) => ({
    subtask: Number(subtask.split('.')[0]),
    ms: Number(value),
  }))
  return { id, backPressuredMs: pressures?.[0]?.max, watermarks }
}

export function samplesOf(report: JobReport): readonly Sample[] {
  const job_name = report.name
  const stated = oneOf(states, stateOf[report.state] ?? 'other')
  const known = report.watermarks.filter(({ ms }) => Math.abs(ms) < LONGEST_WATERMARK_MS)
  // A subtask without a watermark holds all windows back: there is no watermark then.
  const least =
    known.length < report.watermarks.length
      ? undefined
      : known.toSorted((one, other) => one.ms - other.ms)[0]
  const numbers = [
    ['tenseams_flink_job_restarts', report.restarts],
    ['tenseams_flink_failed_checkpoints', report.failedCheckpoints],
    ['tenseams_flink_last_checkpoint_timestamp_seconds', seconds(report.checkpointAtMs)],
    ['tenseams_flink_back_pressure_ratio', seconds(report.backPressuredMs)],
    ['tenseams_flink_watermark_timestamp_seconds', seconds(least?.ms)],
    ['tenseams_flink_watermark_subtask', least?.subtask],
  ] as const
  return [
    ...stated.map(
      ([state, value]) => ['tenseams_flink_job_state', { job_name, state }, value] as const,
    ),
    ...numbers.flatMap(([name, value]) =>
      value === undefined ? [] : [[name, { job_name }, value] as const],
    ),
  ]
}

/** Also milliseconds of a second: as a ratio. */
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000
}

/**
 * Undefined when there is no such thing: a job without checkpoints has none to show, and one may end between two questions. The
 * other jobs are shown all the same.
 */
async function askFlink<Answer>(url: string, signal: AbortSignal): Promise<Answer | undefined> {
  const response = await fetch(url, { signal })
  if (response.status === 404) {
    await response.body?.cancel()
    return undefined
  }
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  // Flink's documented shapes (REST API).
  return (await response.json()) as Answer
}
