import { fileStorage } from '@tenseams/iceberg/storage'
import { append, baseOf } from '@tenseams/iceberg/write/append'
import { TopicLogs } from '@tenseams/kafka/topic-logs'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { accessTo } from '../../support/login.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { type Instance, OwnBronze, type OwnTopic } from './own-bronze.ts'

/** A table whose topic has another log than the one that its offsets belong to. */

const text = JSON.stringify({
  ...{ type: 'record', name: 'Thing', namespace: 'test', doc: 'Something that a test makes.' },
  fields: [{ name: 'eventId', type: 'string', doc: 'The id.' }],
})
const waiting = { timeoutMs: 60_000, intervalMs: 200 }

let stack: TestStack
let own: OwnBronze

beforeAll(async () => {
  stack = await useStack()
  own = await OwnBronze.open(stack)
})

afterAll(() => own.close())

test('a topic’s id and the ends of its leader epochs are known, and another id when it was made again', async () => {
  const { topic, send } = await newThings()
  await send(3)
  const logs = new TopicLogs({ ...accessTo(stack.endpoints.kafkaBrokers), clientId: 'test-logs' })
  try {
    const before = await logs.read(topic.name)
    expect(before.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(before.partitions.get(0)).toEqual({ first: 0n, end: 3n })
    expect(await logs.endsOfEpochs(topic.name, before.leaderEpochs)).toEqual(new Map([[0, 3n]]))
    await own.makeAgain(topic)
    const after = await logs.read(topic.name)
    expect(after.id).not.toBe(before.id)
    expect(after.partitions.get(0)).toEqual({ first: 0n, end: 0n })
  } finally {
    await logs.close()
  }
})

test('a topic that was made again stops its table and no other, and goes on once that was accepted', async () => {
  const [things, others] = [await newThings(), await newThings()]
  const instance = own.start([things.topic, others.topic])
  await things.send(5)
  await things.topic.expectEachOnce(5)
  await instance.end('SIGTERM')
  await own.makeAgain(things.topic)
  await things.send(3)
  const next = own.start([things.topic, others.topic])
  await refused(next, 'was deleted and made again')
  await others.send(2)
  await others.topic.expectEachOnce(2)
  expect((await lake('verify', things.topic)).reason).toBe('exit code 1')
  expect(await lake('accept-log', things.topic)).toMatchObject({ reason: '' })
  await next.ready()
  const isThere = async () => (await rowsByEpoch(things.topic)).at(-1)?.rows === 3
  await eventually(isThere, { ...waiting, what: 'the records of the new log' })
  expect(await rowsByEpoch(things.topic)).toEqual([
    { epoch: 0, rows: 5 },
    { epoch: 1, rows: 3 },
  ])
  expect((await lake('verify', things.topic)).reason).toBe('')
})

test('a log that is shorter than its table stops it, as after a loss of power, and what took the lost offsets is read once', async () => {
  const things = await newThings()
  const instance = own.start([things.topic])
  await things.send(3)
  await things.topic.expectEachOnce(3)
  await instance.end('SIGTERM')
  await appendLost(things.topic, 3n, 5n)
  const next = own.start([things.topic])
  await refused(next, 'the table has records up to 4')
  expect(await lake('accept-log', things.topic)).toMatchObject({ reason: '' })
  await next.ready()
  await things.send(4)
  const isThere = async () => (await rowsByEpoch(things.topic)).at(-1)?.rows === 4
  await eventually(isThere, { ...waiting, what: 'the records of the log as it is' })
  expect(await rowsByEpoch(things.topic)).toEqual([
    { epoch: 0, rows: 5 },
    { epoch: 1, rows: 4 },
  ])
})

async function newThings() {
  const topic = await own.topic('avro', text, 1)
  const encoder = await topic.publish(text)
  let sent = 0
  const send = async (count: number) => {
    const values = Array.from({ length: count }, () =>
      encoder.encode({ eventId: `thing-${sent++}` }),
    )
    await topic.send(values, 1)
  }
  return { topic, send }
}

async function refused(instance: Instance, why: string): Promise<void> {
  const isRefused = async () => (await instance.refusal()).includes(why)
  await eventually(isRefused, { ...waiting, what: `the table to be refused: ${why}` })
}

/** Rows of records that the log has lost: they were committed, and the log ends before them. */
async function appendLost({ name, table }: OwnTopic, start: bigint, end: bigint): Promise<void> {
  const { ports } = own
  const base = baseOf(await ports.catalog.loadTable(table))
  const rows = Array.from({ length: Number(end - start) }, (_, index) => ({
    ...{
      kafka_partition: 0,
      kafka_offset: start + BigInt(index),
      kafka_timestamp: 0n,
      schema_id: 1,
    },
    event_id: `lost-${index}`,
  }))
  const spans = { [`${name}-0`]: { start, end } }
  await append({ ...ports, storage: fileStorage }, table, base, { rows, spans })
}

async function rowsByEpoch(topic: OwnTopic) {
  const rows = await topic.query(
    'SELECT coalesce(log_epoch, 0) AS epoch, count(*)::INT AS rows FROM rows GROUP BY 1 ORDER BY 1',
  )
  return rows as readonly { readonly epoch: number; readonly rows: number }[]
}

async function lake(verb: string, { table }: OwnTopic) {
  const { catalogUrl, kafkaBrokers } = stack.endpoints
  const admin = stack.context.secrets.fileOf('admin')
  const { reason, output } = await runProgram({
    file: 'services/lakehouse/src/cli/command.ts',
    parameters: [
      ...[verb, `${table.namespace}.${table.name}`],
      ...['--catalog', catalogUrl, '--kafka', kafkaBrokers, '--credentials', admin],
    ],
    timeoutMs: 60_000,
  })
  return { reason, output }
}
