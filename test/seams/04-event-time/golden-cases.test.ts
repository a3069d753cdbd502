import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { goldTable } from '@tenseams/contracts/generate/flink'
import { columnName } from '@tenseams/contracts/generate/iceberg'
import { currentSchema } from '@tenseams/contracts/schemas'
import { jobNames, readJob } from '@tenseams/flink-jobs/script/job'
import { Engine } from '@tenseams/iceberg/duckdb'
import { queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { type Admin, CompressionTypes, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { openKafka, ownLogin } from '../../support/login.ts'
import { openSandboxJob, type SandboxJob } from '../../support/sandbox-job.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import {
  type GoldenCase,
  goldenCases,
  type OutputRow,
  plainRow,
  recordsOf,
  timeFields,
} from './golden-cases.ts'

const timeoutMs = 90_000

const jobs = jobNames().map((name) => ({ ...readJob(name), cases: goldenCases(name) }))

type Run = {
  readonly job: SandboxJob
  readonly reading: Reading
  readonly gold: readonly DayRow[]
}

type DayRow = ReturnType<typeof plainRow>

let stack: TestStack
let codec: Codec
let producer: Producer
let admin: Admin
const sandboxes = new Map<string, SandboxJob>()
const runs = new Map<string, Run>()

/**
 * Input and expected output of each job, once in its topics and once in its tables. Each job runs once, unchanged, with all
 * of its cases. A case is two files in the job's folder, in the form that golden-cases.ts reads.
 */
describe('the cases of', () => {
  beforeAll(async () => {
    stack = await useStack()
    const { registryUrl, kafkaBrokers: brokers } = stack.endpoints
    codec = openCodec(registryUrl, timeoutMs)
    const kafka = openKafka({ brokers, clientId: 'test-golden-cases' })
    producer = kafka.producer({ idempotent: true })
    admin = kafka.admin()
    await Promise.all([producer.connect(), admin.connect()])
    await Promise.all(jobs.map(({ name }) => play(name)))
  }, 280_000)

  afterAll(async () => {
    for (const { reading } of runs.values()) await reading.close()
    for (const sandbox of sandboxes.values()) await sandbox.remove()
    await Promise.all([producer?.disconnect(), admin?.disconnect()])
  }, 60_000)

  describe.each(jobs)('$name', ({ name, cases }) => {
    it.each(cases)('$name, in the topics', async (golden) => {
      expect(rowsOf(golden, await topicRows(runOf(name)))).toEqual(sorted(golden.expected))
    })

    it.each(cases)('$name, in the tables', (golden) => {
      expect(rowsOf(golden, runOf(name).gold)).toEqual(sorted(golden.expected))
    })
  })

  it('every job has a case', () => {
    expect(jobs.filter(({ cases }) => cases.length === 0).map(({ name }) => name)).toEqual([])
  })
})

function runOf(name: string): Run {
  const run = runs.get(name)
  if (run === undefined) throw new Error(`${name} has not run`)
  return run
}

/** Sends all cases through a job of their own, and returns when all of their output is there. */
async function play(name: string): Promise<void> {
  const { reads, writes, cases } = jobs.find((job) => job.name === name) ?? {
    ...readJob(name),
    cases: [],
  }
  const job = await openSandboxJob(stack, name, randomUUID().slice(0, 8))
  sandboxes.set(name, job)
  await job.start({ parallelism: 1 })
  for (const golden of cases) await send(job, golden, reads)
  await eventually(() => hasRead(job, reads), { timeoutMs, what: `${name} to read its cases` })
  // Windows may close right after the checkpoint that held the last record.
  await job.checkpointed()
  const reading = await readTopics(stack.endpoints.kafkaBrokers, writes.map(job.topicOf))
  const expected = cases.flatMap((golden) => golden.expected).length
  await eventually(async () => reading.records.length >= expected, {
    timeoutMs: 20_000,
    what: `${expected} rows of ${name}`,
  }).catch(() => undefined) // The cases report what is missing.
  runs.set(name, { job, reading, gold: (await Promise.all(writes.map(goldRows(job)))).flat() })
}

async function send(job: SandboxJob, golden: GoldenCase, reads: readonly string[]): Promise<void> {
  const records = recordsOf(golden, reads)
  for (const topic of reads) {
    const { encode } = await codec.encoder(topic)
    const messages = records
      .filter((record) => record.topic === topic)
      .map(({ partition, event }) => ({ partition, key: event.streamId, value: encode(event) }))
    await producer.send({
      topic: job.topicOf(topic),
      acks: -1,
      compression: CompressionTypes.GZIP,
      messages,
    })
  }
}

/** The offsets that Flink commits are those of its newest checkpoint. */
async function hasRead(job: SandboxJob, reads: readonly string[]): Promise<boolean> {
  for (const topic of reads.map(job.topicOf)) {
    const ends = await admin.fetchTopicOffsets(topic)
    const read = await admin.fetchOffsets({ groupId: `flink-${job.name}`, topics: [topic] })
    const at = new Map(read[0]?.partitions.map(({ partition, offset }) => [partition, offset]))
    if (ends.some(({ partition, high }) => at.get(partition) !== high)) return false
  }
  return true
}

async function topicRows({ job, reading }: Run): Promise<readonly DayRow[]> {
  const own = new Map(
    jobs.flatMap(({ writes }) => writes.map((topic) => [job.topicOf(topic), topic])),
  )
  return Promise.all(
    reading.records.map(async (record) => {
      const topic = own.get(record.topic) ?? ''
      const { value } = await codec.decode<OutputRow>(topic, record.value)
      return plainRow(topic, value)
    }),
  )
}

function goldRows(job: SandboxJob): (topic: string) => Promise<readonly DayRow[]> {
  return async (topic) => {
    const catalog = new Catalog({ url: stack.endpoints.catalogUrl, login: ownLogin, timeoutMs })
    const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
    try {
      await catalog.config()
      const name = goldTable(job.topicOf(topic)).split('`').at(-2) ?? ''
      const ports = { catalog, storage: fileStorage, engine }
      const sql = `SELECT ${columnsOf(topic)} FROM rows`
      const rows = await queryTable(ports, { namespace: 'gold', name }, sql)
      return rows.map((row) => plainRow(topic, row))
    } finally {
      engine.close()
    }
  }
}

/** The table's columns under the names of the topic's fields. */
function columnsOf(topic: string): string {
  const times = new Set(timeFields(topic))
  return currentSchema(topic)
    .schema.fields.map(({ name }) => {
      const column = columnName(name)
      return `${times.has(name) ? `epoch_ms(${column})` : column} AS "${name}"`
    })
    .join(', ')
}

function rowsOf({ day }: GoldenCase, rows: readonly DayRow[]): readonly OutputRow[] {
  return sorted(rows.filter((each) => each.day === day).map(({ row }) => row))
}

function sorted(rows: readonly OutputRow[]): readonly OutputRow[] {
  const text = (row: OutputRow) => JSON.stringify(Object.entries(row).sort())
  return rows.toSorted((a, b) => text(a).localeCompare(text(b)))
}
