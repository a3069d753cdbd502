import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { goldTable } from '@tenseams/contracts/generate/flink'
import type {
  PaymentCaptured,
  PaymentDeclined,
  PaymentEvent,
} from '@tenseams/contracts/generated/payments.payment.v1'
import { Engine } from '@tenseams/iceberg/duckdb'
import { queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { CompressionTypes, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { openKafka, ownLogin } from '../../support/login.ts'
import { openSandboxJob, type SandboxJob } from '../../support/sandbox-job.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const windows = 'analytics.revenue-per-minute.v1'
const late = 'analytics.revenue-per-minute.late.v1'
const payments = 'payments.payment.v1'
const beginning = Date.UTC(2026, 0, 1)
const timeoutMs = 90_000

type Line = {
  readonly tick?: number
  readonly do?: keyof typeof deeds
  readonly partition?: number
  readonly at?: number
  readonly id?: string
  readonly captured?: { readonly amountMinor: number; readonly currency: string }
  readonly declined?: { readonly reason: string }
}

type OutputRow = Readonly<Record<string, unknown>>

const caseFile = 'flink-jobs/revenue-per-minute/cases/late-through-stop-and-kill'
const input = linesOf<Line>(`${caseFile}.input.jsonl`)
const expected = linesOf<OutputRow>(`${caseFile}.expected.jsonl`)

let stack: TestStack
let job: SandboxJob
let codec: Codec
let producer: Producer
let reading: Reading

/**
 * Every input is in exactly one of window and late output: through a stop with savepoint, rows sent meanwhile, a restart
 * with another parallelism, and a SIGKILL of the TaskManager. The case's files have input and expected output.
 */
describe('revenue per minute', () => {
  beforeAll(async () => {
    stack = await useStack()
    const { registryUrl, kafkaBrokers: brokers } = stack.endpoints
    codec = openCodec(registryUrl, timeoutMs)
    producer = openKafka({ brokers, clientId: 'test-late-rows' }).producer({ idempotent: true })
    await producer.connect()
    const run = randomUUID().slice(0, 8)
    job = await openSandboxJob(stack, 'revenue-per-minute', run, "INTERVAL '10' SECOND")
    await job.start({ parallelism: 1 })
    reading = await readTopics(brokers, [job.topicOf(windows), job.topicOf(late)])
    await play(input)
  }, 400_000)

  afterAll(async () => {
    await reading?.close()
    await producer?.disconnect()
    await job?.remove()
  })

  it('has each payment once, in its window or in the late output, in the topics', async () => {
    await soon('the rows in the topics', async () => expectRows(await topicRows()))
  })

  it('has the same in the lake, and nothing more appears later', async () => {
    const rows = async () => (await Promise.all([goldRows(windows), goldRows(late)])).flat()
    await soon('the rows in the gold tables', async () => expectRows(await rows()))
    await job.checkpointed()
    expectRows(await rows())
    expectRows(await topicRows())
  })
})

function soon(what: string, holds: () => Promise<void>): Promise<true> {
  const check = async () => {
    await holds()
    return true as const
  }
  return eventually(check, { timeoutMs, what })
}

function expectRows(rows: readonly OutputRow[]): void {
  expect(sorted(rows)).toEqual(sorted(expected))
}

let savepoint: string | undefined

const deeds = {
  'stop with savepoint': async () => {
    await job.checkpointed()
    savepoint = await job.stop()
  },
  'restart with parallelism 2': () =>
    job.start({ parallelism: 2, ...(savepoint === undefined ? {} : { restoreFrom: savepoint }) }),
  'kill the TaskManager': async () => {
    await job.checkpointed()
    await stack.kill('flink-taskmanager')
  },
  'start the TaskManager': () => stack.restart('flink-taskmanager'),
} as const

async function play(lines: readonly Line[]): Promise<void> {
  for (const line of lines) {
    if (line.do !== undefined) await deeds[line.do]()
    else if (line.tick === undefined) await send(line.partition ?? 0, eventOf(line))
    else for (const partition of [0, 1, 2, 3]) await send(partition, tickAt(line.tick))
  }
}

async function send(partition: number, event: PaymentEvent): Promise<void> {
  const { encode } = await codec.encoder<PaymentEvent>(payments)
  await producer.send({
    topic: job.topicOf(payments),
    acks: -1,
    compression: CompressionTypes.GZIP,
    messages: [{ partition, key: event.streamId, value: encode(event) }],
  })
}

function tickAt(second: number): PaymentEvent {
  return { ...eventOf({ id: `tick-${second}`, at: second }), type: 'tick' }
}

function eventOf({ id = '', at = 0, captured, declined }: Line): PaymentEvent {
  return {
    eventId: id,
    streamId: id,
    version: 1n,
    type: captured === undefined ? 'PaymentDeclined' : 'PaymentCaptured',
    occurredAt: beginning + at * 1_000,
    traceparent: null,
    ...{ authorised: null, voided: null, refunded: null, returned: null },
    captured: captured === undefined ? null : capturedOf(captured),
    declined: declined === undefined ? null : declinedOf(declined),
  }
}

function capturedOf({ amountMinor, currency }: NonNullable<Line['captured']>): PaymentCaptured {
  return { paymentId: 'p', method: 'card', amountMinor: BigInt(amountMinor), currency }
}

function declinedOf({ reason }: NonNullable<Line['declined']>): PaymentDeclined {
  return { method: 'card', reason }
}

function topicRows(): Promise<readonly OutputRow[]> {
  return Promise.all(
    reading.records.map(async (record) => {
      const topic = record.topic === job.topicOf(late) ? late : windows
      const { value } = await codec.decode<OutputRow>(topic, record.value)
      return { topic, ...plain(value) }
    }),
  )
}

async function goldRows(topic: string): Promise<readonly OutputRow[]> {
  const catalog = new Catalog({ url: stack.endpoints.catalogUrl, login: ownLogin, timeoutMs })
  const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
  try {
    await catalog.config()
    const name = goldTable(job.topicOf(topic)).split('`').at(-2) ?? ''
    const ports = { catalog, storage: fileStorage, engine }
    const rows = await queryTable(ports, { namespace: 'gold', name }, lakeSql[topic])
    return rows.map((row) => ({ topic, ...plain(row) }))
  } finally {
    engine.close()
  }
}

const lakeSql: Readonly<Record<string, string>> = {
  [windows]: `SELECT epoch_ms(window_start) AS "windowStart", epoch_ms(window_end) AS "windowEnd", currency, kind,
    delta_payments AS "deltaPayments", delta_minor AS "deltaMinor" FROM rows`,
  [late]: `SELECT event_id AS "eventId", stream_id AS "streamId", epoch_ms(occurred_at) AS "occurredAt",
    epoch_ms(watermark) AS watermark, currency, amount_minor AS "amountMinor", kafka_partition AS "kafkaPartition",
    kafka_offset AS "kafkaOffset", epoch_ms(window_start) AS "windowStart", epoch_ms(window_end) AS "windowEnd" FROM rows`,
}

const times = new Set(['windowStart', 'windowEnd', 'occurredAt', 'watermark'])

/** As in the case's files: numbers for bigints, times in seconds since the beginning of the case. */
function plain(row: OutputRow): OutputRow {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => {
      if (times.has(field)) return [field, (Number(value) - beginning) / 1_000]
      return [field, typeof value === 'bigint' ? Number(value) : value]
    }),
  )
}

function sorted(rows: readonly OutputRow[]): readonly OutputRow[] {
  const text = (row: OutputRow) => JSON.stringify(Object.entries(row).sort())
  return rows.toSorted((a, b) => text(a).localeCompare(text(b)))
}

function linesOf<Of>(file: string): readonly Of[] {
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
