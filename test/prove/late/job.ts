import { pathToFileURL } from 'node:url'
import {
  completedCheckpoints,
  rescaleJob,
  runningJob,
  stopWithSavepoint,
  waitUntilEnded,
  waitUntilRunning,
} from '@tenseams/flink-jobs/cluster'
import { type Job, readJob } from '@tenseams/flink-jobs/job'
import { newestRestorePoint } from '@tenseams/flink-jobs/restore-point'
import { savepointFolder, scriptOf } from '@tenseams/flink-jobs/script'
import { runScript } from '@tenseams/flink-jobs/submit'
import type { Stack } from '@tenseams/local/stack'
import { eventually } from '@tenseams/local/wait'

const STEP_MS = 120_000
const CHECKPOINT_MS = 1_000

export const lateBreaks = {
  'current-watermark':
    'late is what CURRENT_WATERMARK calls late, as is usual: it is unknown after a restore',
  'drop-late': 'what comes late goes nowhere',
  'no-correction': 'late money is not folded into gold',
} as const

const overMax = /MAX\(et\) OVER \([^)]*\) - (INTERVAL '\d+' SECOND \/\* :delay \*\/)/
const lateInserts = /INSERT INTO \S*(?:late\.v1`|_late)\n[\s\S]*?FROM late;\n\n/g

/** The job of the house, or with a guard of its SQL off. */
export function jobUnder(broken: string | undefined): Job {
  const job = readJob('revenue-per-minute')
  if (broken === 'current-watermark') {
    const watermark = job.sql.replace(overMax, '-- $1\n    CURRENT_WATERMARK(et)')
    const sql = watermark.replace(
      'WHERE et > partitionWatermark',
      'WHERE partitionWatermark IS NULL OR et > partitionWatermark',
    )
    return changed(job, sql)
  }
  if (broken === 'drop-late') return changed(job, job.sql.replaceAll(lateInserts, ''))
  return job
}

function changed(job: Job, sql: string): Job {
  if (sql === job.sql) throw new Error(`${job.file} is not as this proof knows it`)
  return { ...job, sql }
}

/** A job on the house's own topics, started, stopped and rescaled as its verbs do it. */
export class ProvenJob {
  readonly #stack: Stack
  readonly #job: Job

  constructor(stack: Stack, job: Job) {
    this.#stack = stack
    this.#job = job
  }

  async start(parallelism: number, restoreFrom?: string): Promise<void> {
    const { endpoints, context } = this.#stack
    const { kafkaBrokers: brokers, registryUrl, catalogUrl } = endpoints
    const script = scriptOf(
      this.#job,
      { brokers, registryUrl, catalogUrl },
      {
        ...{ parallelism, checkpointIntervalMs: CHECKPOINT_MS },
        stateUrl: pathToFileURL(context.places.flinkState).href,
        ...(restoreFrom !== undefined && { restoreFrom }),
      },
    )
    const { flinkUrl, sqlGatewayUrl: gatewayUrl } = endpoints
    const id = await runScript(this.#job, script, { gatewayUrl, flinkUrl })
    await waitUntilRunning(flinkUrl, id, STEP_MS)
  }

  /** @returns the savepoint. */
  async stop(): Promise<string> {
    const { flinkUrl } = this.#stack.endpoints
    const id = await this.#id()
    const { href } = pathToFileURL(
      `${this.#stack.context.places.flinkState}/${savepointFolder(this.#job.name)}`,
    )
    const savepoint = await stopWithSavepoint(flinkUrl, id, href, STEP_MS)
    await waitUntilEnded(flinkUrl, id, STEP_MS)
    return savepoint
  }

  async rescale(parallelism: number): Promise<void> {
    await rescaleJob(this.#stack.endpoints.flinkUrl, await this.#id(), parallelism, STEP_MS)
  }

  /** What a run goes on from when the JobManager, and with it the job, is gone. */
  newest(): string {
    const newest = newestRestorePoint(this.#stack.context.places.flinkState, this.#job.name)
    if (newest === undefined) throw new Error('the job left no checkpoint')
    return newest
  }

  /** All tasks run, and a checkpoint that began after this call is complete. */
  async checkpointed(): Promise<void> {
    const { flinkUrl } = this.#stack.endpoints
    const id = await this.#id()
    await waitUntilRunning(flinkUrl, id, STEP_MS)
    // The next one to complete may have begun before.
    const wanted = (await completedCheckpoints(flinkUrl, id)) + 2
    await eventually(async () => (await completedCheckpoints(flinkUrl, id)) >= wanted, {
      timeoutMs: STEP_MS,
      what: 'two more checkpoints',
    })
  }

  async #id(): Promise<string> {
    const running = () => runningJob(this.#stack.endpoints.flinkUrl, this.#job.name)
    return (await eventually(running, { timeoutMs: STEP_MS, what: this.#job.name })).id
  }
}
