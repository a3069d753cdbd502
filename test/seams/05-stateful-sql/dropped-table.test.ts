import { randomUUID } from 'node:crypto'
import { openCodec } from '@tenseams/contracts/codec'
import { goldTable } from '@tenseams/contracts/generate/flink'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { jobsProgress, progressLines } from '@tenseams/flink-jobs/flink/progress'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { openKafka, ownLogin } from '../../support/login.ts'
import { openSandboxJob, type SandboxJob } from '../../support/sandbox-job.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const payments = 'payments.payment.v1'
const noon = Date.UTC(2026, 0, 1, 12)
const timeoutMs = 90_000

let stack: TestStack
let sandbox: SandboxJob
let producer: Producer

beforeAll(async () => {
  stack = await useStack()
  const { kafkaBrokers: brokers } = stack.endpoints
  producer = openKafka({ brokers, clientId: 'test-dropped-table' }).producer({ idempotent: true })
  await producer.connect()
  const run = randomUUID().slice(0, 8)
  sandbox = await openSandboxJob(stack, 'revenue-per-minute', run, "INTERVAL '10' SECOND")
  await sandbox.start({ parallelism: 1 })
  await sandbox.checkpointed()
}, 240_000)

afterAll(async () => {
  await producer?.disconnect()
  await sandbox?.remove()
})

/** A payment in every partition, and a tick that closes its window. */
async function pay(second: number): Promise<void> {
  const codec = openCodec(stack.endpoints.registryUrl, timeoutMs)
  const { encode } = await codec.encoder<PaymentEvent>(payments)
  const empty = { authorised: null, declined: null, voided: null, refunded: null, returned: null }
  const event = (id: string, at: number, captured: PaymentEvent['captured'], type: string) => ({
    ...{ eventId: id, streamId: id, version: 1n, type, traceparent: null, captured, ...empty },
    occurredAt: noon + at * 1_000,
  })
  const captured = { paymentId: 'p', method: 'card', amountMinor: 100n, currency: 'EUR' }
  const messages = [0, 1, 2, 3].flatMap((partition) =>
    [
      event(`paid-${second}-${partition}`, second, captured, 'PaymentCaptured'),
      event(`tick-${second}-${partition}`, second + 20, null, 'tick'),
    ].map((each) => ({ partition, key: each.streamId, value: encode(each) })),
  )
  await producer.send({ topic: sandbox.topicOf(payments), acks: -1, messages })
}

const progress = async () =>
  (await jobsProgress(stack.endpoints.flinkUrl)).find(({ name }) => name === sandbox.name)

test('a job whose table was dropped is not RUNNING for a person, and `jobs list` says why with exit code 1', async () => {
  expect(await progress()).toMatchObject({ state: 'RUNNING', isWell: true })
  const catalog = new Catalog({ url: stack.endpoints.catalogUrl, login: ownLogin, timeoutMs })
  await catalog.config()
  const name = goldTable(sandbox.topicOf('analytics.revenue-per-minute.v1')).split('`').at(-2) ?? ''
  await catalog.dropTable({ namespace: 'gold', name })
  await pay(1)
  const ill = await eventually(
    async () => {
      const job = await progress()
      return job?.state === 'RESTARTING' ? job : undefined
    },
    { timeoutMs, what: 'the job to be seen as restarting' },
  )
  expect(progressLines(ill).join('\n')).toMatch(new RegExp(`cause: .*${name}[\\s\\S]*next: `))
  const { ok, output } = await runProgram({
    file: 'flink-jobs/src/main.ts',
    parameters: ['list', '--instance', stack.context.paths.instance],
    timeoutMs,
  })
  expect(ok).toBe(false)
  expect(output).toContain(`RESTARTING ${sandbox.name}`)
}, 200_000)
