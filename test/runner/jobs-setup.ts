import { listJobs } from '@tenseams/flink-jobs/flink/cluster'
import { jobNames } from '@tenseams/flink-jobs/script/job'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { beforeAll } from 'vitest'
import { useStack } from '../support/stack.ts'

/** Long enough for a machine three times slower, on which other files run meanwhile. */
const JOBS_TIMEOUT_MS = 600_000

/** Before a file that may need any part of the stack: Flink's jobs run. */
beforeAll(async () => {
  const { endpoints, profile } = await useStack()
  if (profile !== 'full') return
  const allRun = async () => {
    const running = (await listJobs(endpoints.flinkUrl)).filter(({ state }) => state === 'RUNNING')
    return jobNames().every((wanted) => running.some(({ name }) => name === wanted))
  }
  await eventually(allRun, { timeoutMs: JOBS_TIMEOUT_MS, what: "Flink's jobs to run" })
}, JOBS_TIMEOUT_MS + 30_000)
