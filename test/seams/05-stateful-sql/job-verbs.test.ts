import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { runningJob } from '@tenseams/flink-jobs/flink/cluster'
import { keepSubmission, keptSubmission } from '@tenseams/flink-jobs/run/kept-submission'
import { ensureNamespace } from '@tenseams/flink-jobs/run/namespace'
import { planOf } from '@tenseams/flink-jobs/run/plan'
import { rescale } from '@tenseams/flink-jobs/run/rescale'
import type { JobEndpoints } from '@tenseams/flink-jobs/run/submit'
import { upgradeJob } from '@tenseams/flink-jobs/run/upgrade'
import { brokerLongestTransactionMs } from '@tenseams/flink-jobs/script/fits'
import type { Job } from '@tenseams/flink-jobs/script/job'
import { timeouts } from '@tenseams/flink-jobs/script/timeouts'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { accessTo, openKafka, ownLogin } from '../../support/login.ts'
import { openSandboxJob, type SandboxJob } from '../../support/sandbox-job.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const payments = 'payments.payment.v1'
const windows = 'analytics.revenue-per-minute.v1'
const noon = Date.UTC(2026, 0, 1, 12)
const timeoutMs = 90_000
const partitions = [0, 1, 2, 3]

let stack: TestStack
let sandbox: SandboxJob
let codec: Codec
let producer: Producer
let reading: Reading
let endpoints: Pick<JobEndpoints, 'gatewayUrl' | 'flinkUrl' | 'login' | 'stateFolder'>
let told = 0

beforeAll(async () => {
  stack = await useStack()
  const { registryUrl, kafkaBrokers: brokers, sqlGatewayUrl: gatewayUrl } = stack.endpoints
  endpoints = { ...stack.endpoints, gatewayUrl, stateFolder: stack.context.paths.flinkState }
  codec = openCodec(registryUrl, timeoutMs)
  producer = openKafka({ brokers, clientId: 'test-job-verbs' }).producer({ idempotent: true })
  await producer.connect()
  const run = randomUUID().slice(0, 8)
  sandbox = await openSandboxJob(stack, 'revenue-per-minute', run, "INTERVAL '10' SECOND")
  const how = { parallelism: 1 }
  keepSubmission(endpoints.stateFolder, sandbox.job, sandbox.scriptFor(sandbox.job, how))
  await sandbox.start(how)
  reading = await readTopics(brokers, [sandbox.topicOf(windows)])
}, 240_000)

afterAll(async () => {
  await reading?.close()
  await producer?.disconnect()
  await sandbox?.remove()
})

describe('a running job', () => {
  test('is rescaled in place and counts each payment once', async () => {
    const options = { endpoints, partitions: partitions.length }
    await pay(1)
    expect(await rescale(sandbox.job, 2, options)).toMatchObject({ from: 1, to: 2 })
    await pay(2)
    expect(await rescale(sandbox.job, 1, options)).toMatchObject({ from: 2, to: 1 })
    expect(keptSubmission(endpoints.stateFolder, sandbox.name)?.parallelism).toBe(1)
    await pay(3)
    await tick(20)
    await expectWindow(0, 3 * partitions.length)
  }, 180_000)

  test('is not rescaled beyond the number of partitions that it reads', async () => {
    const options = { endpoints, partitions: partitions.length }
    await expect(rescale(sandbox.job, 5, options)).rejects.toThrow('from 1 to 4')
    await expect(rescale(sandbox.job, 0, options)).rejects.toThrow('from 1 to 4')
  })

  test('is upgraded to a query with the same state, in the middle of a window', async () => {
    await pay(21)
    const dearOnly = withSql('WHERE amountMinor IS NOT NULL', 'WHERE amountMinor > 50')
    const script = sandbox.scriptFor(dearOnly, { parallelism: 1 })
    expect(await upgradeJob(dearOnly, script, { endpoints })).toMatchObject({ outcome: 'upgraded' })
    expect(await upgradeJob(dearOnly, script, { endpoints })).toMatchObject({
      outcome: 'unchanged',
    })
    await pay(22, 50n)
    await pay(23)
    await tick(40)
    await expectWindow(20, 2 * partitions.length)
  }, 180_000)

  test('keeps running when the state does not fit the new query, and the message has the reason and the steps of a replay', async () => {
    const before = await runningJob(endpoints.flinkUrl, sandbox.name)
    const other = withSql('SUM(amountMinor) AS minor', 'MAX(amountMinor) AS minor')
    const script = sandbox.scriptFor(other, { parallelism: 1 })
    const refused = upgradeJob(other, script, { endpoints })
    await expect(refused).rejects.toThrow(
      /its state was .*SUM[\s\S]*is .*MAX[\s\S]*--restore nothing/,
    )
    expect(await runningJob(endpoints.flinkUrl, sandbox.name)).toEqual(before)
  }, 120_000)

  test('keeps running when the new query does not compile, and the message has file and line', async () => {
    const before = await runningJob(endpoints.flinkUrl, sandbox.name)
    const wrong = withSql('COUNT(*) AS payments', 'COUNT(*) AS payments, nobody AS x')
    const script = sandbox.scriptFor(wrong, { parallelism: 1 })
    const refused = upgradeJob(wrong, script, { endpoints })
    await expect(refused).rejects.toThrow(/revenue-per-minute\/job\.sql:\d+: .*'nobody' not found/)
    expect(await runningJob(endpoints.flinkUrl, sandbox.name)).toEqual(before)
  }, 120_000)

  test('keeps state in its gate, its check for repeats and its window', async () => {
    const script = sandbox.scriptFor(sandbox.job, { parallelism: 1 })
    const operators = await planOf(sandbox.job, script, endpoints)
    const keeping = new Set(operators.flatMap((one) => (one.keepsState ? [one.name] : [])))
    expect([...keeping].join()).toMatch(/OverAggregate/)
    expect([...keeping].join()).toMatch(/Window/)
  }, 120_000)
})

test("the broker allows the sinks' transactions", async () => {
  const longest = await brokerLongestTransactionMs(accessTo(stack.endpoints.kafkaBrokers))
  expect(longest).toBeGreaterThanOrEqual(timeouts.transactionTimeoutMs)
})

test('a namespace of the lake is created when several clients create it at once', async () => {
  const { catalogUrl } = stack.endpoints
  const namespace = `made_at_once_${randomUUID().slice(0, 8)}`
  await Promise.all(Array.from({ length: 8 }, () => ensureNamespace(stack.endpoints, namespace)))
  const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs })
  expect(await catalog.listNamespaces()).toContain(namespace)
})

function withSql(part: string, other: string): Job {
  const { job } = sandbox
  expect(job.sql).toContain(part)
  return { ...job, sql: job.sql.replace(part, other) }
}

/** A payment in every partition. */
async function pay(second: number, amountMinor = 100n): Promise<void> {
  for (const partition of partitions) {
    const id = `payment-${told}`
    told += 1
    const captured = { paymentId: id, method: 'card', amountMinor, currency: 'EUR' }
    await send(partition, { ...eventAt(second, id), type: 'PaymentCaptured', captured })
  }
}

async function tick(second: number): Promise<void> {
  for (const partition of partitions) {
    await send(partition, { ...eventAt(second, `tick-${second}-${partition}`), type: 'tick' })
  }
}

async function send(partition: number, event: PaymentEvent): Promise<void> {
  const { encode } = await codec.encoder<PaymentEvent>(payments)
  await producer.send({
    topic: sandbox.topicOf(payments),
    acks: -1,
    messages: [{ partition, key: event.streamId, value: encode(event) }],
  })
}

async function expectWindow(second: number, count: number): Promise<void> {
  const check = async () => {
    const rows = await Promise.all(
      [...reading.records].map(({ value }) => codec.decode<RevenuePerMinute>(windows, value)),
    )
    const ours = rows.filter(({ value }) => value.windowStart === noon + second * 1_000)
    expect(ours.map(({ value }) => Number(value.deltaPayments))).toEqual([count])
    return true
  }
  await eventually(check, { timeoutMs, what: `a window of ${count} payments` })
}

function eventAt(second: number, id: string): PaymentEvent {
  return {
    ...{ eventId: id, streamId: id, version: 1n, type: '', traceparent: null },
    occurredAt: noon + second * 1_000,
    ...{ authorised: null, captured: null, declined: null },
    ...{ voided: null, refunded: null, returned: null },
  }
}
