import { freeSlots, parallelismOf, rescaleJob, runningJob } from './cluster.ts'
import { JobError } from './errors.ts'
import type { Job } from './job.ts'
import { keepParallelism } from './kept-submission.ts'
import type { JobEndpoints } from './submit.ts'

export type RescaleOptions = {
  readonly endpoints: Pick<JobEndpoints, 'flinkUrl' | 'stateFolder'>
  /** Of the topics that the job reads: a task more would have nothing to read. */
  readonly partitions: number
  readonly onProgress?: (line: string) => void
}

export type Rescaled = { readonly jobId: string; readonly from: number; readonly to: number }

const timeoutMs = 120_000

/**
 * Gives a running job another parallelism in place, and keeps it for the job's next start. Flink starts the tasks anew from the
 * newest checkpoint's state; nothing is lost or told twice.
 *
 * If the caller dies after Flink has been asked, the job comes to it all the same, but its next start does not know.
 *
 * @throws JobError, before anything is done, when it does not run, or partitions or free task slots do not suffice.
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
      `${name} can run with a parallelism from 1 to ${partitions}: so many partitions has what it reads`,
    )
  }
  const from = await parallelismOf(flinkUrl, running.id)
  const more = parallelism - from
  const free = await freeSlots(flinkUrl)
  if (more > free) {
    throw new JobError(`${name} needs ${more} more task slots, and ${free} are free`)
  }
  onProgress(`${name}: from a parallelism of ${from} to ${parallelism}`)
  await rescaleJob(flinkUrl, running.id, parallelism, timeoutMs)
  keepParallelism(stateFolder, name, parallelism)
  return { jobId: running.id, from, to: parallelism }
}
