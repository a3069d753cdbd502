import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTopics } from '../../support/kafka.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { OwnBronze } from './own-bronze.ts'

/** When the service makes a snapshot, and when it makes none. */

const text = JSON.stringify({
  ...{ type: 'record', name: 'Thing', namespace: 'test', doc: 'Something that a test makes.' },
  fields: [{ name: 'eventId', type: 'string', doc: 'The id.' }],
})
const LONG_INTERVAL_MS = 60_000

let stack: TestStack
let own: OwnBronze

beforeAll(async () => {
  stack = await useStack()
  own = await OwnBronze.open(stack)
})

afterAll(() => own.close())

test('an idle table makes no snapshot while another one makes many', async () => {
  const [busy, idle, untouched] = [
    await own.topic('avro', text),
    await own.topic('avro', text),
    await own.topic('avro', text),
  ]
  const encoder = await busy.publish(text)
  const instance = own.start([busy, idle, untouched], { flushIntervalMs: 10 })
  await instance.ready()
  await idle.send([(await idle.publish(text)).encode({ eventId: 'thing-0' })])
  await idle.expectEachOnce(1)
  const before = await idle.snapshots()
  for (let number = 0; number < 20; number++) {
    await busy.send([encoder.encode({ eventId: `thing-${number}` })])
    const snapshots = async () => (await busy.snapshots()) > number
    await eventually(snapshots, { timeoutMs: 30_000, what: 'a snapshot of the busy table' })
  }
  await busy.expectEachOnce(20)
  expect([await idle.snapshots(), await untouched.snapshots()]).toEqual([before, 0])
})

test('SIGTERM commits what is buffered, and the exit code is 0', async () => {
  const topic = await own.topic('avro', text)
  const encoder = await topic.publish(text)
  const instance = own.start([topic], { flushIntervalMs: LONG_INTERVAL_MS })
  await instance.ready()
  const values = Array.from({ length: 50 }, (_, number) => ({ eventId: `thing-${number}` }))
  await topic.send(values.map(encoder.encode))
  const isBuffered = async () => (await instance.metric('tenseams_lakehouse_buffered_rows')) === 50
  await eventually(isBuffered, { timeoutMs: 30_000, what: 'the rows to be buffered' })
  expect(await topic.snapshots()).toBe(0)
  expect(await instance.end('SIGTERM')).toBe(0)
  await topic.expectEachOnce(50)
})

test('SIGKILL loses the buffer and no record: the next instance reads it again', async () => {
  const topic = await own.topic('avro', text)
  const encoder = await topic.publish(text)
  const instance = own.start([topic], { flushIntervalMs: LONG_INTERVAL_MS })
  await instance.ready()
  const values = Array.from({ length: 50 }, (_, number) => ({ eventId: `thing-${number}` }))
  await topic.send(values.map(encoder.encode))
  const isBuffered = async () => (await instance.metric('tenseams_lakehouse_buffered_rows')) === 50
  await eventually(isBuffered, { timeoutMs: 30_000, what: 'the rows to be buffered' })
  await instance.end('SIGKILL')
  expect(await topic.snapshots(), 'what SIGTERM would have committed').toBe(0)
  own.start([topic])
  await topic.expectEachOnce(50)
})

test('an undecodable record is dead-lettered, and the next ones are read', async () => {
  const topic = await own.topic('avro', text, 1)
  const encoder = await topic.publish(text)
  const broken = Buffer.from('no frame at all')
  const thing = (number: number) => encoder.encode({ eventId: `thing-${number}` })
  own.start([topic])
  await topic.send([thing(0), broken, thing(1)], 1)
  await topic.expectEachOnce(2)
  // Alone in its fetch it causes a commit, too: a snapshot without rows moves the offset.
  await topic.send([broken], 1)
  await eventually(async () => (await topic.nextOffset(0)) === 4n, {
    ...{ timeoutMs: 30_000, what: 'the offset to move on' },
  })
  const reading = await readTopics(stack.endpoints.kafkaBrokers, [deadLetterTopicOf(topic.name)])
  try {
    const deadLetters = await eventually(
      () => {
        // A rebalance at that moment may write one twice, with the same origin.
        const each = new Map(reading.records.map((one) => [one.headers['dead-letter-offset'], one]))
        return each.size >= 2 && [...each.values()]
      },
      { timeoutMs: 30_000, what: 'two dead letters' },
    )
    const told = (offset: string) => ({
      value: broken,
      headers: {
        'dead-letter-reason': 'undecodable',
        'dead-letter-topic': topic.name,
        'dead-letter-partition': '0',
        'dead-letter-offset': offset,
        'dead-letter-group': 'lakehouse',
        'dead-letter-detail': expect.stringContaining('no schema id in front'),
      },
    })
    expect(deadLetters).toMatchObject([told('1'), told('3')])
  } finally {
    await reading.close()
  }
  await topic.expectEachOnce(2)
})
