import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reading, type ReadRecord, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { getOrder, orderBody, postOrder } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const topic = 'orders.order.v1'
const shipmentTopic = 'fulfilment.shipment.v1'
const PARTITIONS = [0, 1, 2, 3]
const ORDERS_A_ROUND = 80

let stack: TestStack
let codec: Codec
let reading: Reading

beforeAll(async () => {
  stack = await useStack()
  const { kafkaBrokers, registryUrl } = stack.endpoints
  codec = openCodec(registryUrl)
  reading = await readTopics(kafkaBrokers, [shipmentTopic, deadLetterTopicOf(topic)])
})

afterAll(() => reading.close())

const place = async (): Promise<string> => {
  const answer = await postOrder(stack.endpoints.ordersUrl, orderBody())
  expect(answer.status).toBe(201)
  return String(answer.body.orderId)
}

const placeMany = async (count: number): Promise<readonly string[]> => {
  const placed: string[] = []
  while (placed.length < count) placed.push(...(await Promise.all([place(), place(), place()])))
  return placed
}

/** The committed shipments of some orders. */
const shipmentsOf = (orderIds: readonly string[]): readonly ReadRecord[] => {
  const ours = new Set<string | null>(orderIds)
  return reading.records.filter((record) => record.topic === shipmentTopic && ours.has(record.key))
}

const completed = (orderIds: readonly string[]) =>
  eventually(
    async () => {
      const answers = await Promise.all(
        orderIds.map((id) => getOrder(stack.endpoints.ordersUrl, id)),
      )
      return answers.every(({ body }) => body.status === 'completed')
    },
    { timeoutMs: 90_000, what: 'every order to be completed', intervalMs: 500 },
  )

/** A shipment in each partition that was made after everything else: nothing earlier can appear after it. */
async function seeBarriers(): Promise<void> {
  const witnesses: string[] = []
  const seen = () => new Set(shipmentsOf(witnesses).map(({ partition }) => partition)).size
  await eventually(
    async () => {
      if (seen() < PARTITIONS.length) witnesses.push(await place())
      return seen() === PARTITIONS.length
    },
    { timeoutMs: 60_000, what: 'a witness in each partition' },
  )
}

describe('fulfilment', () => {
  test('dispatches each confirmed order once, though it is killed twice under load', async () => {
    const orderIds: string[] = []
    for (let kill = 0; kill < 2; kill++) {
      const loading = placeMany(ORDERS_A_ROUND).then((placed) => void orderIds.push(...placed))
      const first = await place()
      orderIds.push(first)
      // A kill proves something only when the process has committed something since its start.
      await eventually(() => shipmentsOf([first]).length > 0, {
        timeoutMs: 60_000,
        what: 'a shipment of this process',
        intervalMs: 10,
      })
      await stack.kill('fulfilment')
      await loading
      await stack.restart('fulfilment')
    }
    await completed(orderIds)
    await seeBarriers()

    const shipments = await Promise.all(
      shipmentsOf(orderIds).map(({ value }) => codec.decode<ShipmentEvent>(shipmentTopic, value)),
    )
    const dispatched = shipments.flatMap(({ value }) => (value.dispatched ? [value.streamId] : []))
    expect(dispatched.toSorted()).toEqual(orderIds.toSorted())
  })

  test('dead-letters a record that cannot be decoded, and continues after it', async () => {
    const poison = Buffer.from(`not Avro ${randomUUID()}`)
    const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'test' })
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const messages = PARTITIONS.map((partition) => ({ key: 'poison', value: poison, partition }))
    await producer.send({ topic, acks: -1, messages })
    await producer.disconnect()

    const deadLetters = await eventually(
      () => {
        const ours = reading.records.filter(
          ({ value, headers }) =>
            value?.equals(poison) && headers['dead-letter-group'] === 'fulfilment',
        )
        return ours.length === PARTITIONS.length ? ours : undefined
      },
      { timeoutMs: 40_000, what: 'the poison in the dead letters of fulfilment' },
    )
    for (const { headers, key } of deadLetters) {
      expect(key).toBe('poison')
      expect(headers).toMatchObject({
        'dead-letter-topic': topic,
        'dead-letter-reason': 'undecodable',
      })
    }
    await completed(await placeMany(9))
    await seeBarriers()
  })
})
