import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stateFolderOf } from '@tenseams/cli/instance'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Kafka, Producer, Transaction } from 'kafkajs'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { newTopic, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { adminPool, getOrder, orderBody, postOrder } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack
let kafka: Kafka
let admin: Admin
let provider: pg.Pool
const instance = inject('instance')

beforeAll(async () => {
  stack = await useStack()
  kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'oncall-test' })
  admin = kafka.admin()
  await admin.connect()
  provider = adminPool(stack, 'provider')
})

afterAll(async () => {
  await admin.disconnect()
  await provider.end()
})

async function oncall(...parameters: readonly string[]) {
  const { ok, output, reason } = await runProgram({
    file: 'deploy/observability/src/oncall/oncall-command.ts',
    parameters: [...parameters, '--instance', instance],
    timeoutMs: 90_000,
  })
  return { ok, output, reason }
}

/** How often the provider has captured the order's money. */
async function captures(orderId: string): Promise<number> {
  const { rows } = await provider.query<{ times: number }>(
    `select count(*)::int as times from operations join payments using (payment_id)
      where reference = $1 and kind = 'captured'`,
    [orderId],
  )
  return rows[0]?.times ?? 0
}

const why = ['--reason', 'a test'] as const

/** The lines of the audit log about a target. */
function acts(target: string) {
  const file = join(stateFolderOf(instance), 'audit', 'acts', 'oncall.log')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line)).filter((line) => line.target === target)
}

describe('captures', { timeout: 180_000 }, () => {
  afterEach(() => oncall('captures', 'unfreeze', ...why))

  test('that are frozen leave the money of a completed order held, and take it afterwards', async () => {
    expect((await oncall('captures', 'freeze', '--dry-run')).output).toContain('would freeze')
    expect((await oncall('captures')).output).toContain('going on')
    const frozen = await oncall('captures', 'freeze', ...why)
    expect(frozen, frozen.output).toMatchObject({ ok: true })
    expect((await oncall('captures', 'freeze', ...why)).output).toContain('it is so already')
    const { body } = await postOrder(stack.endpoints.ordersUrl, orderBody())
    const orderId = String(body.orderId)
    const isHeld = () => {
      const file = join(stateFolderOf(instance), 'logs', 'payments.log')
      const lines = readFileSync(file, 'utf8').split('\n')
      return lines.some((line) => line.includes(orderId) && line.includes('CAPTURES_FROZEN'))
    }
    await eventually(isHeld, { timeoutMs: 60_000, what: 'the capture to be held' })
    const status = async () => (await getOrder(stack.endpoints.ordersUrl, orderId)).body.status
    const isCompleted = async () => (await status()) === 'completed'
    await eventually(isCompleted, { timeoutMs: 60_000, what: 'the order to be completed' })
    expect(await captures(orderId)).toBe(0)
    expect(await oncall('captures', 'unfreeze', ...why)).toMatchObject({ ok: true })
    const isCaptured = async () => (await captures(orderId)) === 1
    await eventually(isCaptured, { timeoutMs: 60_000, what: 'the money to be captured' })
  })
})

describe('in a topic of its own', { timeout: 180_000 }, () => {
  const topic = `analytics.oncall-${randomUUID()}`
  const group = `orders-oncall-${randomUUID()}`

  beforeAll(async () => {
    await newTopic(admin, topic)
    await newTopic(admin, `${topic}.dead-letter`)
    const producer = kafka.producer()
    await producer.connect()
    const messages = ['one', 'two', 'three'].map((value) => ({ value }))
    await producer.send({ topic, messages })
    await producer.disconnect()
  })

  afterAll(() => admin.deleteTopics({ topics: [topic, `${topic}.dead-letter`] }))

  const committed = async () => {
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    return answer?.partitions[0]?.offset
  }

  test('offsets are shown, set, and set again without effect', async () => {
    const reset = ['offsets', 'reset', group, topic, '--to'] as const
    expect((await oncall(...reset, '1', '--dry-run')).output).toContain('from - to 1')
    expect(await committed()).toBe('-1')
    expect(await oncall(...reset, '1', ...why)).toMatchObject({ ok: true })
    expect(await committed()).toBe('1')
    expect((await oncall(...reset, '1', ...why)).output).toContain('it is so already')
    expect((await oncall(...reset, '4', ...why)).reason).toBe('exit code 1')
    expect((await oncall('offsets', group)).output).toContain('at 1  lag 2')
    expect(acts(`${group} ${topic}`)).toMatchObject([
      { outcome: 'begun', identity: 'operator', reason: 'a test' },
      { outcome: 'done', identity: 'operator', reason: 'a test' },
    ])
  })

  test('a record is parked once, with its origin', async () => {
    const park = ['park', group, topic, '0', '1', ...why] as const
    expect((await oncall('park', group, topic, '0', '2', ...why)).output).toContain('offset 1')
    const first = await oncall(...park)
    expect(first, first.output).toMatchObject({ ok: true })
    expect((await oncall(...park)).output).toContain('it is so already')
    expect(await committed()).toBe('2')
    const reading = await readTopics(stack.endpoints.kafkaBrokers, [`${topic}.dead-letter`])
    await eventually(() => reading.records.length > 0, { timeoutMs: 30_000, what: 'a dead letter' })
    await reading.close()
    expect(reading.records).toHaveLength(1)
    expect(reading.records[0]).toMatchObject({
      value: Buffer.from('two'),
      headers: { 'dead-letter-reason': 'parked', 'dead-letter-offset': '1' },
    })
  })

  test('the readers of a topic are listed', async () => {
    expect((await oncall('readers', topic)).output).toContain(`group ${group}  Empty  lag 1`)
  })

  describe('an open transaction', () => {
    const transactionalId = `fulfilment-oncall-${randomUUID()}`
    let producer: Producer
    let transaction: Transaction

    beforeAll(async () => {
      producer = kafka.producer({
        ...{ transactionalId, idempotent: true, maxInFlightRequests: 1 },
        transactionTimeout: 120_000,
      })
      await producer.connect()
      transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value: 'undecided' }] })
    })

    afterAll(() => producer.disconnect())

    test('is listed with where readers wait, refused while it is young, and aborted', async () => {
      const listed = (await oncall('transactions')).output
      expect(listed).toContain(`${transactionalId}  Ongoing`)
      expect(listed).toContain(`${topic} 0: readers of committed data wait at offset 3`)
      const abort = ['transactions', 'abort', transactionalId, ...why] as const
      expect((await oncall(...abort, '--older-than', '110')).reason).toBe('exit code 1')
      const aborted = await oncall(...abort, '--older-than', '0')
      expect(aborted, aborted.output).toMatchObject({ ok: true })
      await expect(transaction.commit()).rejects.toThrow()
      expect((await oncall(...abort)).output).toContain('no such transaction is open')
      expect((await oncall('transactions')).output).not.toContain(transactionalId)
    })
  })
})

test('connectors that run are left as they are', { timeout: 60_000 }, async () => {
  const { ok, output } = await oncall('connectors', 'restart', ...why)
  expect(ok, output).toBe(true)
  expect(output).toContain('it is so already')
})
