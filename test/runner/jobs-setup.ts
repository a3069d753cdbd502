import { listJobs } from '@tenseams/flink-jobs/flink/cluster'
import { jobNames } from '@tenseams/flink-jobs/script/job'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { holderOfInstance } from '@tenseams/local/launcher/supervise/stack'
import { beforeAll } from 'vitest'
import { useStack } from '../support/stack.ts'

/** Long enough for a machine three times slower, on which other files run meanwhile. */
const JOBS_TIMEOUT_MS = 600_000

/** Before a file that may need or kill any part of the stack: it was started to its end, and Flink's jobs run. */
beforeAll(async () => {
  const { context, endpoints, profile } = await useStack()
  if (profile !== 'full') return
  // The job that runs last is seen here before its start is over, and a start whose JobManager is killed stops the whole stack.
  const isStarted = () => {
    const holder = holderOfInstance(context.paths)?.pid
    return holder !== process.pid && holder !== process.ppid
  }
  await eventually(isStarted, { timeoutMs: JOBS_TIMEOUT_MS, what: 'the start to be over' })
  const allRun = async () => {
    const running = (await listJobs(endpoints.flinkUrl)).filter(({ state }) => state === 'RUNNING')
    return jobNames().every((wanted) => running.some(({ name }) => name === wanted))
  }
  await eventually(allRun, { timeoutMs: JOBS_TIMEOUT_MS, what: "Flink's jobs to run" })
}, 2 * JOBS_TIMEOUT_MS)
