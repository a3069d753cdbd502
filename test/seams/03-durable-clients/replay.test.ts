import { randomUUID } from 'node:crypto'
import { DeadLetters, deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'

const topic = `replayed-${randomUUID().slice(0, 8)}`
const value = Buffer.from([0, 255, 1, 128])

let brokers: string
let adminFile: string
let admin: Admin
let deadLetters: DeadLetters
let origin: Reading

beforeAll(async () => {
  const { context, endpoints } = await useStack()
  brokers = endpoints.kafkaBrokers
  adminFile = context.secrets.fileOf('admin')
  const kafka = openKafka({ brokers, clientId: 'test' })
  admin = kafka.admin()
  deadLetters = new DeadLetters(kafka)
  await admin.connect()
  const topics = [topic, deadLetterTopicOf(topic)].map((name) => ({
    topic: name,
    numPartitions: 4,
  }))
  await admin.createTopics({ topics, waitForLeaders: false })
  const write = (partition: number) =>
    deadLetters.write({
      ...{ topic, partition, offset: '7', key: Buffer.from(`key ${partition}`), value },
      ...{
        headers: { traceparent: '00-1' },
        reason: 'made-up',
        detail: 'x',
        stack: 'at x',
        groupId: 'test',
      },
    })
  await eventually(async () => (await write(1)) ?? true, { timeoutMs: 20_000, what: 'the topics' })
  await write(3)
  origin = await readTopics(brokers, [topic])
})

afterAll(async () => {
  await origin.close()
  await deadLetters.close()
  await admin.disconnect()
})

const dlq = (...parameters: readonly string[]) =>
  runProgram({
    file: 'packages/kafka/src/dlq-command.ts',
    parameters: [...parameters, '--brokers', brokers, '--credentials', adminFile],
    timeoutMs: 60_000,
  })

test('replaying is idempotent: unchanged, to the partition of the origin', async () => {
  expect((await dlq('replay', topic, '--all', '--dry-run')).output).toMatch(
    /^2 would be sent back/m,
  )
  expect((await dlq('replay', topic, '--all')).output).toMatch(/^2 sent back .*, 0 had been/m)
  expect((await dlq('replay', topic, '--all')).output).toMatch(/^0 sent back .*, 2 had been/m)
  const isBack = () => origin.records.length >= 2
  await eventually(isBack, { timeoutMs: 20_000, what: 'both records in their topic' })
  expect((await dlq('list')).output).toMatch(new RegExp(`^${topic} {2}made-up {2}2, 0 not`, 'm'))
  expect((await dlq('replay', topic, '--all', '--again')).output).toMatch(/^2 sent back/m)
  const isAgain = () => origin.records.length >= 4
  await eventually(isAgain, { timeoutMs: 20_000, what: 'both records once more' })
  // If the second replay had sent anything, there would be six records by now, in another order.
  const found = origin.records
    .map(({ key, partition, headers }) => ({ key, partition, headers }))
    .toSorted((left, right) => left.partition - right.partition)
  const [first, second] = [1, 3].map((partition) => ({
    key: `key ${partition}`,
    partition,
    headers: { traceparent: '00-1' },
  }))
  expect(found).toEqual([first, first, second, second])
  expect(origin.records.every((record) => record.value?.equals(value))).toBe(true)
})

test('a dead letter that does not exist is refuted, and half an address is refused', async () => {
  expect((await dlq('show', topic, '0', '99')).reason).toBe('exit code 1')
  expect((await dlq('replay', topic, '--partition', '1')).reason).toBe('exit code 2')
})

test('a dead letter that does not say where it came from is shown, and not replayed to partition 0', async () => {
  const name = `malformed-${randomUUID().slice(0, 8)}`
  const topics = [name, deadLetterTopicOf(name)].map((each) => ({ topic: each, numPartitions: 2 }))
  await admin.createTopics({ topics, waitForLeaders: false })
  const kafka = openKafka({ brokers, clientId: 'test' })
  const producer = kafka.producer()
  await producer.connect()
  const headers = { 'dead-letter-topic': name, 'dead-letter-offset': '1' }
  const send = () =>
    producer.send({
      topic: deadLetterTopicOf(name),
      messages: [
        { value: 'no partition', headers, partition: 0 },
        { value: 'abc', headers: { ...headers, 'dead-letter-partition': 'abc' }, partition: 0 },
        { value: 'too far', headers: { ...headers, 'dead-letter-partition': '2' }, partition: 0 },
        { value: 'good', headers: { ...headers, 'dead-letter-partition': '1' }, partition: 0 },
      ],
    })
  await eventually(async () => (await send()).length > 0, { timeoutMs: 20_000, what: 'the topics' })
  await producer.disconnect()
  expect((await dlq('list')).output).toMatch(
    new RegExp(`^${name} {2}malformed at 0 0: .*partition`, 'm'),
  )
  const { output, reason } = await dlq('replay', name, '--all')
  expect({ output, reason }).toMatchObject({
    output: expect.stringMatching(/^1 sent back .*, 0 had been/m),
    reason: 'exit code 1',
  })
  const reading = await readTopics(brokers, [name])
  const isBack = () => reading.records.length >= 1
  await eventually(isBack, { timeoutMs: 20_000, what: 'the good one in its topic' })
  await reading.close()
  expect(reading.records).toMatchObject([{ partition: 1, value: Buffer.from('good') }])
})
