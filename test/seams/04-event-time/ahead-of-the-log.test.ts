import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { RevenuePerMinuteLate } from '@tenseams/contracts/generated/analytics.revenue-per-minute.late.v1'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { openSandboxJob, type SandboxJob } from '../../support/sandbox-job.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const payments = 'payments.payment.v1'
const windows = 'analytics.revenue-per-minute.v1'
const late = 'analytics.revenue-per-minute.late.v1'
const timeoutMs = 90_000
const partitions = [0, 1, 2, 3]
const hourMs = 3_600_000

let stack: TestStack
let sandbox: SandboxJob
let codec: Codec
let producer: Producer
let reading: Reading

beforeAll(async () => {
  stack = await useStack()
  const { registryUrl, kafkaBrokers: brokers } = stack.endpoints
  codec = openCodec(registryUrl, timeoutMs)
  producer = openKafka({ brokers, clientId: 'test-ahead' }).producer({ idempotent: true })
  await producer.connect()
  const run = randomUUID().slice(0, 8)
  sandbox = await openSandboxJob(stack, 'revenue-per-minute', run, "INTERVAL '10' SECOND")
  await sandbox.start({ parallelism: 1 })
  reading = await readTopics(brokers, [sandbox.topicOf(windows), sandbox.topicOf(late)])
}, 240_000)

afterAll(async () => {
  await reading?.close()
  await producer?.disconnect()
  await sandbox?.remove()
})

const empty = {
  ...{ captured: null, authorised: null, declined: null },
  ...{ voided: null, refunded: null, returned: null },
}

async function send(
  sent: readonly {
    readonly partition: number
    readonly id: string
    readonly at: number
    readonly isTick?: boolean
  }[],
): Promise<void> {
  const { encode } = await codec.encoder<PaymentEvent>(payments)
  const captured = { paymentId: 'p', method: 'card', amountMinor: 100n, currency: 'EUR' }
  const messages = sent.map(({ partition, id, at, isTick = false }) => ({
    ...{ partition, key: id },
    value: encode({
      ...{ eventId: id, streamId: id, version: 1n, occurredAt: at, traceparent: null, ...empty },
      ...(isTick ? { type: 'tick' } : { type: 'PaymentCaptured', captured }),
    }),
  }))
  await producer.send({ topic: sandbox.topicOf(payments), acks: -1, messages })
}

const tick = () =>
  send(
    partitions.map((partition) => {
      const at = Date.now()
      return { partition, id: `tick-${at}-${partition}`, at, isTick: true }
    }),
  )

const rowsOf = async <Row>(topic: string) =>
  Promise.all(
    reading.records
      .filter((record) => record.topic === sandbox.topicOf(topic))
      .map(async ({ value }) => (await codec.decode<Row>(topic, value)).value),
  )

test('an event that is dated ahead in each partition makes none of the next payments late, and is itself in the late output', async () => {
  const now = Date.now()
  const ahead = [now + 2 * 60_000, now + hourMs, now + 8_760 * hourMs, 8_640_000_000_000_000]
  await send(ahead.map((at, partition) => ({ partition, id: `ahead-${partition}`, at })))
  await send(
    Array.from({ length: 40 }, (_, n) => ({ partition: n % 4, id: `next-${n}`, at: now + n })),
  )
  const counted = async () => {
    await tick()
    const rows = await rowsOf<RevenuePerMinute>(windows)
    return rows.reduce((sum, { deltaPayments }) => sum + Number(deltaPayments), 0) >= 40
  }
  await eventually(counted, { timeoutMs, intervalMs: 1_000, what: 'forty payments in windows' })
  const aside = await rowsOf<RevenuePerMinuteLate>(late)
  expect(aside.map(({ eventId }) => eventId).sort()).toEqual(ahead.map((_, n) => `ahead-${n}`))
  expect(aside.every(({ occurredAt, watermark }) => occurredAt > watermark)).toBe(true)
}, 200_000)

test('it stays so across a stop with savepoint and a start with another parallelism', async () => {
  await sandbox.checkpointed()
  const savepoint = await sandbox.stop()
  await sandbox.start({ parallelism: 2, restoreFrom: savepoint })
  const now = Date.now()
  await send(
    partitions.map((partition) => ({ partition, id: `again-${partition}`, at: now + hourMs })),
  )
  await send(partitions.map((partition) => ({ partition, id: `after-${partition}`, at: now })))
  const counted = async () => {
    await tick()
    const rows = await rowsOf<RevenuePerMinute>(windows)
    return rows.reduce((sum, { deltaPayments }) => sum + Number(deltaPayments), 0) >= 44
  }
  await eventually(counted, { timeoutMs, intervalMs: 1_000, what: 'four more in windows' })
  const aside = await rowsOf<RevenuePerMinuteLate>(late)
  expect(aside.filter(({ eventId }) => eventId.startsWith('after'))).toEqual([])
}, 240_000)
