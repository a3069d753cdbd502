import { JobError } from '../errors.ts'
import { freeSlots, parallelismOf, rescaleJob, runningJob } from '../flink/cluster.ts'
import type { Job } from '../script/job.ts'
import { keepParallelism } from './kept-submission.ts'
import type { JobEndpoints } from './submit.ts'

export type RescaleOptions = {
  readonly endpoints: Pick<JobEndpoints, 'flinkUrl' | 'login' | 'stateFolder'>
  /** Of the topics that the job reads: with more tasks, some would have nothing to read. */
  readonly partitions: number
  readonly onProgress?: (line: string) => void
}

export type Rescaled = { readonly jobId: string; readonly from: number; readonly to: number }

const timeoutMs = 120_000

/**
 * Changes the parallelism of a running job in place, and keeps it for the job's next start. Flink restarts the tasks with
 * the state of the newest checkpoint; no row is lost or written twice.
 *
 * If the caller crashes after the request, the job is rescaled nevertheless, but its next start uses the old parallelism.
 *
 * @throws JobError before any change when the job does not run, or there are too few partitions or free task slots.
 */
export async function rescale(
  { name }: Job,
  parallelism: number,
  { endpoints, partitions, onProgress = () => undefined }: RescaleOptions,
): Promise<Rescaled> {
  const { flinkUrl, stateFolder } = endpoints
  const running = await runningJob(flinkUrl, name)
  if (running === undefined) throw new JobError(`${name} does not run`)
  if (parallelism < 1 || parallelism > partitions) {
    throw new JobError(
      `${name} can run with a parallelism from 1 to ${partitions}, the number of partitions that it reads`,
    )
  }
  const from = await parallelismOf(flinkUrl, running.id)
  const more = parallelism - from
  const free = await freeSlots(flinkUrl)
  if (more > free) {
    throw new JobError(`${name} needs ${more} more task slots, but only ${free} are free`)
  }
  onProgress(`${name}: from a parallelism of ${from} to ${parallelism}`)
  await rescaleJob(endpoints, running.id, parallelism, timeoutMs)
  keepParallelism(stateFolder, name, parallelism)
  return { jobId: running.id, from, to: parallelism }
}
