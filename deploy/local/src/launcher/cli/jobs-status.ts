import { type JobProgress, jobsProgress, progressLines } from '@tenseams/flink-jobs/flink/progress'
import { jobNames } from '@tenseams/flink-jobs/script/job'
import { messageOf } from '@tenseams/service/causes'

/** A Flink job as `stack status` shows it beside the components. */
export type JobStatus = Pick<JobProgress, 'name' | 'state' | 'isWell'> & {
  readonly lines: readonly string[]
}

/** Each of our jobs, whether the cluster knows it or not. When it does not answer, none of them is well. */
export async function jobsStatus(flinkUrl: string): Promise<readonly JobStatus[]> {
  const names = jobNames()
  try {
    return statusOfJobs(names, await jobsProgress(flinkUrl))
  } catch (error) {
    const why = messageOf(error)
    return names.map((name) => ({
      ...{ name, state: 'unknown', isWell: false },
      lines: [`unknown ${name}: ${why}`],
    }))
  }
}

/** A job that was stopped is not well here: the stack is up, and without it gold stands still. */
export function statusOfJobs(
  names: readonly string[],
  found: readonly JobProgress[],
): readonly JobStatus[] {
  return names.map((name) => {
    const job = found.find((each) => each.name === name)
    if (job === undefined || (job.isWell && job.state !== 'RUNNING')) {
      const state = job?.state ?? 'missing'
      const line = `${state} ${name}: it does not run\n  next:  \`npm run jobs -- submit ${name}\``
      return { name, state, isWell: false, lines: [line] }
    }
    return { name, state: job.state, isWell: job.isWell, lines: progressLines(job) }
  })
}

/** One line when all jobs are well; otherwise those that are not. */
export function jobsLines(jobs: readonly JobStatus[]): readonly string[] {
  const ill = jobs.filter(({ isWell }) => !isWell)
  if (ill.length === 0) return [`Flink jobs: ${jobs.length} of ${jobs.length} make progress`]
  const well = jobs.length - ill.length
  return [
    `Flink jobs: ${well} of ${jobs.length} make progress`,
    ...ill.flatMap(({ lines }) =>
      lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`),
    ),
  ]
}
