import { randomUUID } from 'node:crypto'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Kafka, Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'
import { Workers } from '../../support/workers.ts'
import type { LoopTask } from './loop-worker.ts'

const RECORDS = 4_000
const PARTITIONS = 4
const BARRIER = 'barrier'

let brokers: string
let kafka: Kafka
let admin: Admin
let producer: Producer
const workers = new Workers()

beforeAll(async () => {
  brokers = (await useStack()).endpoints.kafkaBrokers
  kafka = openKafka({ brokers, clientId: 'test' })
  admin = kafka.admin()
  producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await admin.connect()
  await producer.connect()
})

afterEach(() => workers.killAll())

afterAll(async () => {
  await producer.disconnect()
  await admin.disconnect()
})

describe('an owner that is paused inside a transaction, loses its partitions, and resumes', () => {
  test.each(['sent', 'offsets-sent'] as const)(
    'after the step "%s": each record has one effect, and the old owner is refused',
    async (step) => {
      const { effects, old } = await zombie(step, true)
      expect(effects).toEqual({ lost: 0, doubled: 0 })
      expect(old.told('transaction failed').map(({ outcome }) => outcome)).toContain('fenced')
    },
  )

  test('doubles records without the fencing takeover, which shows that the guard is needed', async () => {
    const { effects } = await zombie('sent', false)
    expect(effects.doubled).toBeGreaterThan(0)
  })
})

test('an owner that is killed after some commits, inside a transaction, leaves one effect for each record', async () => {
  const task = await newTask(true)
  const end = { signal: 'SIGKILL', step: 'offsets-sent', transaction: 12 } as const
  const old = start({ ...task, worker: 'old', end })
  const [ending] = await old.hears('ending')
  expect(ending?.committed).toBeGreaterThan(0)
  await finishWith(task)
  expect(await effectsIn(task.output)).toEqual({ lost: 0, doubled: 0 })
})

async function zombie(step: 'sent' | 'offsets-sent', guarded: boolean) {
  const task = await newTask(guarded)
  const end = { signal: 'SIGSTOP', step, transaction: 8 } as const
  const old = start({ ...task, worker: 'old', end })
  await old.hears('ending')
  await finishWith(task)
  old.child.kill('SIGCONT')
  await old.hears('resumed')
  // The transaction that it had begun is decided now.
  if (guarded) await old.hears('transaction failed')
  else await old.hears('committed', old.told('committed').length + 1)
  return { effects: await effectsIn(task.output), old }
}

/** Another process does the rest, and stops normally. */
async function finishWith(task: Omit<LoopTask, 'worker'>): Promise<void> {
  const heir = start({ ...task, worker: 'heir' })
  const isDone = async () => (await committedRecords(task)) === RECORDS
  await eventually(isDone, { timeoutMs: 60_000, what: 'the heir to commit all offsets' })
  heir.child.kill('SIGTERM')
  await heir.hears('closed')
}

async function committedRecords({ groupId, input }: Omit<LoopTask, 'worker'>): Promise<number> {
  const [read] = await admin.fetchOffsets({ groupId, topics: [input] })
  return (read?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
}

/** Counts the committed records before a barrier in each partition: a barrier is readable when no transaction is open before it. */
async function effectsIn(output: string): Promise<{ lost: number; doubled: number }> {
  const barriers = Array.from({ length: PARTITIONS }, (_, partition) => ({
    key: BARRIER,
    value: BARRIER,
    partition,
  }))
  await producer.send({ topic: output, acks: -1, messages: barriers })
  const reading = await readTopics(brokers, [output])
  const isWhole = () => reading.records.filter(({ key }) => key === BARRIER).length === PARTITIONS
  await eventually(isWhole, { timeoutMs: 30_000, what: 'the barriers to be readable' })
  await reading.close()
  const keys = reading.records.map(({ key }) => key).filter((key) => key !== BARRIER)
  const distinct = new Set(keys).size
  return { lost: RECORDS - distinct, doubled: keys.length - distinct }
}

async function newTask(guarded: boolean): Promise<Omit<LoopTask, 'worker'>> {
  const id = randomUUID().slice(0, 8)
  const task = { brokers, groupId: `loop-${id}`, input: `in-${id}`, output: `out-${id}`, guarded }
  const topics = [task.input, task.output].map((topic) => ({ topic, numPartitions: PARTITIONS }))
  await admin.createTopics({ topics, waitForLeaders: false })
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const messages = Array.from({ length: RECORDS / PARTITIONS }, (_, at) => ({
      value: `${partition}-${at}`,
      partition,
    }))
    const sent = () => producer.send({ topic: task.input, acks: -1, messages })
    await eventually(sent, { timeoutMs: 20_000, what: `the topic ${task.input}` })
  }
  return task
}

const start = (task: LoopTask) =>
  workers.start('03-durable-clients/loop-worker.ts', task.worker, task)
