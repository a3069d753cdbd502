import { join } from 'node:path'
import { openRegistry } from '@tenseams/codec/registry'
import { goldTable, lakeDdl } from '@tenseams/contracts/generate/flink'
import { currentSchema } from '@tenseams/contracts/schemas'
import { readTopic, subjectOf } from '@tenseams/contracts/topics'
import {
  cancelJob,
  completedCheckpoints,
  runningJob,
  stopWithSavepoint,
  waitUntilEnded,
  waitUntilRunning,
} from '@tenseams/flink-jobs/flink/cluster'
import { openSession } from '@tenseams/flink-jobs/flink/gateway'
import { runScript } from '@tenseams/flink-jobs/run/run-script'
import { flinkFileUrl } from '@tenseams/flink-jobs/script/file-url'
import { type Intervals, type Job, readJob, withIntervals } from '@tenseams/flink-jobs/script/job'
import { type Script, savepointFolder, scriptOf } from '@tenseams/flink-jobs/script/script'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { flinkEndpointsOf, letFlinkUse } from './flink-access.ts'
import { openKafka } from './login.ts'
import type { TestStack } from './stack.ts'

const timeoutMs = 120_000

/**
 * One of our jobs on topics and tables of its own, in the shared stack: the same SQL, the same contracts, other names.
 * So a case may send anything, and reads only its own figures.
 */
export type SandboxJob = {
  readonly name: string
  readonly job: Job
  /** What Flink is given for the job, or for one with another SQL. */
  readonly scriptFor: (job: Job, how: How) => Script
  /** The topic that replaces one of ours. */
  readonly topicOf: (topic: string) => string
  readonly start: (how: How) => Promise<void>
  readonly stop: () => Promise<string>
  /** Every task runs, and a checkpoint that began after this call is complete. */
  readonly checkpointed: () => Promise<void>
  readonly remove: () => Promise<void>
}

type How = { readonly parallelism: number; readonly restoreFrom?: string }

export async function openSandboxJob(
  stack: TestStack,
  name: string,
  run: string,
  /** Instead of the SQL's own. */
  window?: string,
): Promise<SandboxJob> {
  const topicOf = (topic: string) => topic.replace(/\.v1$/, `-${run}.v1`)
  const intervals: Intervals = window === undefined ? {} : { window }
  const job = withIntervals(inSandbox(readJob(name), run, topicOf), intervals)
  const { flinkUrl, sqlGatewayUrl: gatewayUrl, login } = stack.endpoints
  const flink = { flinkUrl, gatewayUrl, login }
  const stateFolder = stack.context.paths.flinkState
  const topics = [...job.reads, ...job.writes]
  await createTopics(stack, topics)
  await letFlinkUse(stack.endpoints, { topics })
  const registry = openRegistry(
    stack.endpoints.registryUrl,
    timeoutMs,
    stack.endpoints.publisherLogin,
  )
  for (const topic of job.writes) {
    await registry.register(subjectOf(topic), currentSchema(topic.replace(`-${run}.v1`, '.v1')))
  }
  const running = () => runningJob(flinkUrl, job.name)
  const scriptFor = (wanted: Job, how: How) =>
    scriptOf(
      wanted,
      flinkEndpointsOf(stack.endpoints),
      { ...how, checkpointIntervalMs: 1_000, stateUrl: flinkFileUrl(stateFolder) },
      (topic) => {
        const original = topic.replace(`-${run}.v1`, '.v1')
        const contract = { ...currentSchema(original), topic }
        return { contract, keyField: readTopic(original).keyField }
      },
    )
  return {
    name: job.name,
    job,
    scriptFor,
    topicOf,
    start: async (how) => {
      const jobId = await runScript(job, scriptFor(job, how), flink)
      await waitUntilRunning(flinkUrl, jobId, timeoutMs)
    },
    stop: async () => {
      const id = (await running())?.id ?? ''
      const folder = flinkFileUrl(join(stateFolder, savepointFolder(job.name)))
      const savepoint = await stopWithSavepoint(flink, id, folder, timeoutMs)
      await waitUntilEnded(flinkUrl, id, timeoutMs)
      return savepoint
    },
    checkpointed: () => checkpointed(flinkUrl, job.name),
    remove: async () => {
      const left = await running()
      if (left !== undefined) await cancelJob(flink, left.id)
      await dropTables(stack, job)
      for (const topic of job.writes) await registry.remove(subjectOf(topic))
    },
  }
}

function inSandbox(job: Job, run: string, topicOf: (topic: string) => string): Job {
  let { sql } = job
  for (const topic of [...job.reads, ...job.writes]) {
    sql = sql.replaceAll(`\`${topic}\``, `\`${topicOf(topic)}\``)
  }
  for (const topic of job.gold) {
    const table = goldTable(topic).replaceAll('`', '')
    sql = sql.replaceAll(new RegExp(`${table}\\b`, 'g'), goldTable(topicOf(topic)))
  }
  return {
    ...job,
    name: `${job.name}-${run}`,
    sql,
    reads: job.reads.map(topicOf),
    writes: job.writes.map(topicOf),
    gold: job.gold.map(topicOf),
  }
}

async function createTopics({ endpoints }: TestStack, topics: readonly string[]): Promise<void> {
  const kafka = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'test-sandbox-job' })
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: topics.map((topic) => ({ topic, numPartitions: 4, replicationFactor: 1 })),
    })
    await eventually(() => admin.fetchTopicMetadata({ topics: [...topics] }), {
      timeoutMs,
      what: `the topics ${topics.join(', ')}`,
    })
  } finally {
    await admin.disconnect()
  }
}

async function checkpointed(flinkUrl: string, name: string): Promise<void> {
  const job = await eventually(() => runningJob(flinkUrl, name), { timeoutMs, what: name })
  await waitUntilRunning(flinkUrl, job.id, timeoutMs)
  // The next one to complete may have begun before.
  const wanted = (await completedCheckpoints(flinkUrl, job.id)) + 2
  await eventually(async () => (await completedCheckpoints(flinkUrl, job.id)) >= wanted, {
    timeoutMs,
    what: `two more checkpoints of ${name}`,
  })
}

async function dropTables(stack: TestStack, job: Job): Promise<void> {
  const session = await openSession({
    ...stack.endpoints,
    gatewayUrl: stack.endpoints.sqlGatewayUrl,
  })
  try {
    await session.execute(lakeDdl(stack.endpoints))
    for (const topic of job.gold) {
      await session.execute(`DROP TABLE IF EXISTS ${goldTable(topic)}`)
    }
  } finally {
    await session.close()
  }
}
