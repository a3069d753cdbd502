import {
  completedCheckpoints,
  rescaleJob,
  runningJob,
  stopWithSavepoint,
  waitUntilEnded,
  waitUntilRunning,
} from '@tenseams/flink-jobs/flink/cluster'
import { newestRestorePoint } from '@tenseams/flink-jobs/run/restore-point'
import { runScript } from '@tenseams/flink-jobs/run/run-script'
import { flinkFileUrl } from '@tenseams/flink-jobs/script/file-url'
import type { Intervals, Job } from '@tenseams/flink-jobs/script/job'
import { type Script, savepointFolder, scriptOf } from '@tenseams/flink-jobs/script/script'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { flinkEndpointsOf } from '../../support/flink-access.ts'

const STEP_MS = 120_000

type Options = {
  readonly checkpointIntervalMs: number
  /** Intervals that replace the job's own. */
  readonly intervals?: Intervals
  /** Changes the script before Flink gets it, to switch a guard off. */
  readonly changed?: (script: Script) => Script
}

/** A job on our own topics, started, stopped and rescaled as the verbs do it. */
export class ProvenJob {
  readonly #stack: Stack
  readonly #job: Job
  readonly #options: Options

  constructor(stack: Stack, job: Job, options: Options) {
    this.#stack = stack
    this.#job = job
    this.#options = options
  }

  async start(parallelism: number, restoreFrom?: string): Promise<void> {
    const { endpoints, context } = this.#stack
    const { changed = (script) => script, intervals = {}, checkpointIntervalMs } = this.#options
    const script = scriptOf(this.#job, flinkEndpointsOf(endpoints), {
      ...{ parallelism, checkpointIntervalMs, intervals },
      stateUrl: flinkFileUrl(context.paths.flinkState),
      ...(restoreFrom !== undefined && { restoreFrom }),
    })
    const id = await runScript(this.#job, changed(script), {
      ...endpoints,
      gatewayUrl: endpoints.sqlGatewayUrl,
    })
    await waitUntilRunning(endpoints.flinkUrl, id, STEP_MS)
  }

  /** @returns the savepoint. */
  async stop(): Promise<string> {
    const { endpoints } = this.#stack
    const id = await this.id()
    const href = flinkFileUrl(
      `${this.#stack.context.paths.flinkState}/${savepointFolder(this.#job.name)}`,
    )
    const savepoint = await stopWithSavepoint(endpoints, id, href, STEP_MS)
    await waitUntilEnded(endpoints.flinkUrl, id, STEP_MS)
    return savepoint
  }

  async rescale(parallelism: number): Promise<void> {
    await rescaleJob(this.#stack.endpoints, await this.id(), parallelism, STEP_MS)
  }

  /** The checkpoint to restore from when the JobManager, and the job with it, is gone. */
  newest(): string {
    const newest = newestRestorePoint(this.#stack.context.paths.flinkState, this.#job.name)
    if (newest === undefined) throw new Error('the job left no checkpoint')
    return newest
  }

  /** Waits until all tasks run and a checkpoint that began after this call is complete. */
  async checkpointed(): Promise<void> {
    await waitUntilRunning(this.#stack.endpoints.flinkUrl, await this.id(), STEP_MS)
    // The next checkpoint to complete may have begun before this call.
    const wanted = (await this.checkpoints()) + 2
    await eventually(async () => (await this.checkpoints()) >= wanted, {
      timeoutMs: STEP_MS,
      what: 'two more checkpoints',
    })
  }

  /** How many checkpoints are complete. */
  async checkpoints(): Promise<number> {
    return completedCheckpoints(this.#stack.endpoints.flinkUrl, await this.id())
  }

  /** Flink's id of the running job. */
  async id(): Promise<string> {
    const running = () => runningJob(this.#stack.endpoints.flinkUrl, this.#job.name)
    return (await eventually(running, { timeoutMs: STEP_MS, what: this.#job.name })).id
  }
}
