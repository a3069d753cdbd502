import { randomUUID } from 'node:crypto'
import { identities } from '@tenseams/identities/identities'
import { openKafka as openKafkaAs } from '@tenseams/kafka/client'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { DurableProducer } from '@tenseams/kafka/producer'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { identityNamed, rotateIdentity } from '@tenseams/local/launcher/rotate/rotate-identity'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type { Admin, Kafka } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newTopic, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const RECORDS = 1_000
const PARTITIONS = 4

const id = randomUUID().slice(0, 8)
const input = `restart-in-${id}`
const output = `restart-out-${id}`

let stack: TestStack
let brokers: string
let kafka: Kafka
let admin: Admin
let producer: DurableProducer

beforeAll(async () => {
  stack = await useStack()
  brokers = stack.endpoints.kafkaBrokers
  kafka = openKafka({ brokers, clientId: 'test' })
  admin = kafka.admin()
  producer = new DurableProducer({ kafka })
  await admin.connect()
  await newTopic(admin, input, PARTITIONS)
  await newTopic(admin, output, PARTITIONS)
  for (const name of ['shadow', 'load', 'shadow', 'backfill']) {
    await rotateIdentity(stack, identityNamed(name))
  }
})

afterAll(async () => {
  await producer.close()
  await admin.disconnect()
})

/** Makes a reader wait, in the middle of its work, until the broker is gone. */
function gate() {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const wait = async () => {
    reached.resolve()
    await opened.promise
  }
  return { reached: reached.promise, open: () => opened.resolve(), wait }
}

test('a broker dies during an effect and a transaction, and restarts: all is processed once', async () => {
  const [amidEffect, amidTransaction] = [gate(), gate()]
  const seen: ConsumedRecord[] = []
  const deadLetters = new DeadLetters(kafka)
  const common = { kafka, topics: [input], metrics: openMetrics('test'), log: silent }
  const consumption = new Consumption({
    ...{ ...common, groupId: `consumption-${id}`, deadLetters },
    handle: async (record) => {
      if (seen.push(record) === RECORDS / 10) await amidEffect.wait()
    },
  })
  let transactions = 0
  const loop = new TransactionalLoop({
    ...{ ...common, groupId: `loop-${id}`, bounds: { maxRecords: 25 } },
    transform: ({ value }) => [{ topic: output, value }],
    onStep: async (step) => {
      if (step === 'offsets-sent' && ++transactions === 5) await amidTransaction.wait()
    },
  })
  try {
    await send(0, RECORDS / 2)
    consumption.start()
    loop.start()
    await Promise.all([amidEffect.reached, amidTransaction.reached])
    await stack.kill('kafka')
  } finally {
    amidEffect.open()
    amidTransaction.open()
    await stack.restart('kafka')
  }
  await send(RECORDS / 2, RECORDS)
  const isHandled = () => distinct(seen).length >= RECORDS
  await eventually(isHandled, { timeoutMs: 90_000, what: 'Consumption to handle all' })
  const reading = await readTopics(brokers, [output])
  const isWritten = () => distinct(reading.records).length >= RECORDS
  await eventually(isWritten, { timeoutMs: 90_000, what: 'the loop to write all' })
  await Promise.all([consumption.close(), loop.close(), deadLetters.close()])
  await reading.close()

  const all = Array.from({ length: RECORDS }, (_, at) => String(at))
  expect(distinct(seen).toSorted(byNumber)).toEqual(all)
  expect(reading.records.map(textOf).toSorted(byNumber)).toEqual(all)
  // The offset of the effect under way was not committed: the record is redelivered. Apart from that, each partition continues in order.
  expect(seen.length).toBeGreaterThan(RECORDS)
  for (const records of Map.groupBy(seen, ({ partition }) => partition).values()) {
    expect(distinct(records)).toEqual(distinct(records).toSorted(byNumber))
  }
})

test('every user logs in at the broker that was restarted, also after rotations', async () => {
  for (const { name } of identities.filter(
    ({ name, kafka: isUser }) => isUser && name !== 'broker',
  )) {
    const credentialsFile = stack.secrets.fileOf(name)
    const one = openKafkaAs({ brokers, clientId: 'test', credentialsFile }).admin()
    await one.connect().finally(() => one.disconnect())
  }
}, 60_000)

const silent = { info: () => undefined, warn: () => undefined }

/** Numbers from `first` on, below `end`. */
async function send(first: number, end: number): Promise<void> {
  const messages = Array.from({ length: end - first }, (_, at) => ({
    value: String(first + at),
    partition: at % PARTITIONS,
  }))
  // The broker answers; its group and transaction coordinators may not be loaded yet.
  await producer.send(input, messages)
}

const textOf = ({ value }: { readonly value: Buffer | null }) => String(value)
const byNumber = (left: string, right: string) => Number(left) - Number(right)

/** The values, each at its first occurrence, as an inbox accepts them. */
const distinct = (records: readonly { readonly value: Buffer | null }[]) => [
  ...new Set(records.map(textOf)),
]
