import { randomUUID } from 'node:crypto'
import { avroType } from '@tenseams/codec/avro-long'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import { samplesOf } from '@tenseams/contracts/generate/samples'
import { currentSchema } from '@tenseams/contracts/schemas'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { getOrder, orderBody, postOrder } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const topic = 'payments.payment.v1'
const JOB = 'revenue-per-minute'

let stack: TestStack
let producer: Producer
let admin: Admin
let deadLetters: Reading
const foreignSubjects: string[] = []

beforeAll(async () => {
  stack = await useStack()
  const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'test' })
  producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  admin = kafka.admin()
  await producer.connect()
  await admin.connect()
  deadLetters = await readTopics(stack.endpoints.kafkaBrokers, [deadLetterTopicOf(topic)])
})

const publishing = () =>
  openRegistry(stack.endpoints.registryUrl, 10_000, stack.endpoints.publisherLogin)

afterAll(async () => {
  await deadLetters.close()
  await producer.disconnect()
  await admin.disconnect()
  const registry = publishing()
  for (const subject of foreignSubjects) await registry.remove(subject)
})

describe('a record that cannot be decoded', () => {
  test('is dead-lettered by each reader, unchanged, and stops no partition', async () => {
    const failedBefore = await lastFailureOfTheWindows()
    const passedOverBefore = await passedOverByTheWindows()
    const kinds = await poisons(publishing())
    const messages = kinds.flatMap(({ value }) =>
      [0, 1, 2, 3].map((partition) => ({ key: 'poison', value, partition })),
    )
    const sent = await producer.send({ topic, acks: -1, messages })
    expect(sent).toHaveLength(4)

    for (const { value: poison, detail } of kinds) {
      const found = await eventually(
        () => {
          const those = deadLetters.records.filter(({ value }) => value?.equals(poison))
          const groups = new Set(those.map(({ headers }) => headers['dead-letter-group']))
          return those.length >= 8 && groups.size === 2 ? those : undefined
        },
        { timeoutMs: 40_000, what: `"${detail}" in the dead letters of orders and lakehouse` },
      )
      for (const { headers, key } of found) {
        expect(headers).toMatchObject({
          'dead-letter-topic': topic,
          'dead-letter-reason': 'undecodable',
          'dead-letter-detail': expect.stringContaining(detail),
        })
        expect(key).toBe('poison')
      }
    }

    const orders = await Promise.all(
      Array.from({ length: 8 }, () => postOrder(stack.endpoints.ordersUrl, orderBody())),
    )
    for (const { body } of orders) {
      await eventually(
        async () =>
          (await getOrder(stack.endpoints.ordersUrl, String(body.orderId))).body.status ===
          'completed',
        { timeoutMs: 30_000, what: 'orders to be completed behind the poison' },
      )
    }

    // Flink skips it, too: the lakehouse has dead-lettered it.
    const last = sent.map(({ baseOffset, ...topicPartition }) => ({
      ...topicPartition,
      offset: Number(baseOffset) + kinds.length - 1,
    }))
    await eventually(() => hasPassed(last), { timeoutMs: 40_000, what: 'Flink to pass the poison' })
    // It counts them, and nothing else: no good record after the poison is skipped with it.
    const passedOver = passedOverBefore + messages.length
    await eventually(async () => (await passedOverByTheWindows()) >= passedOver, {
      timeoutMs: 40_000,
      what: 'Flink to count the poison',
    })
    expect(await passedOverByTheWindows()).toBe(passedOver)
    expect(await lastFailureOfTheWindows()).toBe(failedBefore)
  })
})

type Poison = { readonly value: Buffer; readonly detail: string }

/** Bytes that are no Avro, and records of registered schemas that are not versions of this contract. */
async function poisons(registry: Registry): Promise<readonly Poison[]> {
  const { text, schema } = currentSchema(topic)
  const { fields, ...rest } = JSON.parse(text) as { readonly fields: readonly { name: string }[] }
  const [sample] = samplesOf(schema)
  const written = async (changed: readonly object[], change: object): Promise<Buffer> => {
    const foreign = JSON.stringify({ ...rest, fields: changed })
    const subject = `poison-${randomUUID()}`
    foreignSubjects.push(subject)
    const { id } = await registry.register(subject, { text: foreign, format: 'avro' })
    return framed(id, avroType(foreign).toBuffer({ ...sample?.value, ...change }))
  }
  const lacking = fields.filter(({ name }) => name !== 'eventId')
  const retyped = fields.map((field) =>
    field.name === 'version' ? { ...field, type: 'string' } : field,
  )
  const list = { name: 'list', type: { type: 'array', items: 'string' } }
  const listed = await written([...fields, list], { list: [], traceparent: randomUUID() })
  const announced = avroType('"long"').toBuffer(200_000_000n)
  const shipment = 'fulfilment.shipment.v1'
  const protobuf = await registry.find(`${shipment}-value`, currentSchema(shipment))
  return [
    { value: Buffer.from(`not Avro ${randomUUID()}`), detail: 'no schema id in front' },
    { value: framed(protobuf?.id ?? 0, Buffer.from(randomUUID())), detail: 'is not Avro' },
    // Its list ends the value, and says that it has 200 000 000 items.
    { value: Buffer.concat([listed.subarray(0, -1), announced]), detail: 'items are announced' },
    // In front of a good record, since a decoder gives these two up in their middle.
    { value: await written(lacking, { traceparent: randomUUID() }), detail: 'eventId' },
    { value: await written(retyped, { version: randomUUID() }), detail: 'long' },
  ]
}

function framed(schemaId: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(schemaId, 1)
  return Buffer.concat([header, body])
}

/** When the job that reads the topic failed last; undefined for never. */
async function lastFailureOfTheWindows(): Promise<number | undefined> {
  const { exceptionHistory } = (await ask(`${await urlOfTheWindows()}/exceptions`)) as {
    exceptionHistory: { entries: { timestamp: number }[] }
  }
  return exceptionHistory.entries[0]?.timestamp
}

/** How many records the job has counted as undecodable since it runs. */
async function passedOverByTheWindows(): Promise<number> {
  const url = await urlOfTheWindows()
  const { vertices } = (await ask(url)) as { vertices: { id: string }[] }
  let sum = 0
  for (const { id } of vertices) {
    const metrics = `${url}/vertices/${id}/metrics`
    const names = ((await ask(metrics)) as { id: string }[]).map((metric) => metric.id)
    for (const name of names.filter((each) => each.endsWith('.undecodableRecords'))) {
      const [found] = (await ask(`${metrics}?get=${encodeURIComponent(name)}`)) as {
        value: string
      }[]
      sum += Number(found?.value ?? 0)
    }
  }
  return sum
}

async function urlOfTheWindows(): Promise<string> {
  const { flinkUrl } = stack.endpoints
  const { jobs } = (await ask(`${flinkUrl}/jobs/overview`)) as {
    jobs: { jid: string; name: string; state: string }[]
  }
  const job = jobs.find(({ name, state }) => name === JOB && state === 'RUNNING')
  if (job === undefined) throw new Error(`the job ${JOB} does not run`)
  return `${flinkUrl}/jobs/${job.jid}`
}

async function ask(url: string): Promise<unknown> {
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).json()
}

/** Whether a checkpoint of the job covers these records. */
async function hasPassed(
  sent: readonly { readonly partition: number; readonly offset: number }[],
): Promise<boolean> {
  const [read] = await admin.fetchOffsets({ groupId: `flink-${JOB}`, topics: [topic] })
  return sent.every(({ partition, offset }) => {
    const committed = read?.partitions.find((one) => one.partition === partition)?.offset
    return Number(committed) > offset
  })
}
