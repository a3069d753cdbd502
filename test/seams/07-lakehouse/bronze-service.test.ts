import { randomUUID } from 'node:crypto'
import type { Encoder } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { chainBreaks } from '@tenseams/iceberg/offsets/chain'
import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import { history } from '@tenseams/iceberg/table/history'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLake } from '../../support/lake/open-lake.ts'
import { openKafka } from '../../support/login.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const topic = 'orders.order.v1'
const table = { namespace: 'bronze', name: 'orders_order_v1' }
const PARTITIONS = 4
const ROUNDS = 12
/** Marks the records of this run. */
const stream = randomUUID()

let stack: TestStack
let ports: LakePorts
let producer: Producer
let encoder: Encoder<OrderEvent>

beforeAll(async () => {
  stack = await useStack()
  const { catalogUrl, registryUrl, kafkaBrokers } = stack.endpoints
  ports = await openLake(catalogUrl)
  encoder = await openCodec(registryUrl, 10_000).encoder<OrderEvent>(topic)
  producer = openKafka({ brokers: kafkaBrokers, clientId: 'test' }).producer({
    idempotent: true,
    transactionalId: `test-${stream}`,
    maxInFlightRequests: 1,
  })
  await producer.connect()
})

afterAll(async () => {
  await producer.disconnect()
  ports.engine.close()
})

describe('the bronze table of a topic', () => {
  test('holds each committed record once, no tick, none of an aborted transaction, whatever is killed', async () => {
    const committed: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      committed.push(...(await send('barrier', 'commit')))
      await send('tick', 'commit')
      await send('barrier', 'abort')
      if (round === 3) await killAndRestart('lakehouse')
      if (round === 7) await killAndRestart('catalog')
    }
    await eventually(async () => expect(await eventIdsInBronze()).toEqual(committed.toSorted()), {
      timeoutMs: 60_000,
      what: 'every barrier to be in bronze once',
      intervalMs: 500,
    })
    const metadata = await ports.catalog.loadTable(table)
    expect(chainBreaks(history(metadata))).toEqual([])
  })
})

/** One control event per partition in one transaction; they have no branch, so that no other service acts on them. */
async function send(type: 'barrier' | 'tick', end: 'commit' | 'abort'): Promise<readonly string[]> {
  const events = Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    eventId: `${end}-${type}-${randomUUID()}`,
  }))
  const transaction = await producer.transaction()
  await transaction.send({
    topic,
    acks: -1,
    messages: events.map(({ partition, eventId }) => ({
      partition,
      key: stream,
      value: encoder.encode(controlEvent(eventId, type)),
    })),
  })
  await transaction[end]()
  return events.map(({ eventId }) => eventId)
}

function controlEvent(eventId: string, type: string): OrderEvent {
  return {
    eventId,
    streamId: stream,
    version: 1n,
    type,
    occurredAt: Date.now(),
    traceparent: null,
    placed: null,
    confirmed: null,
    rejected: null,
    cancelled: null,
    completed: null,
    refunded: null,
  }
}

async function eventIdsInBronze(): Promise<readonly string[]> {
  const sql = `SELECT event_id FROM rows WHERE stream_id = '${stream}' ORDER BY 1`
  const rows = await queryTable(ports, table, sql)
  return rows.map((row) => String(row.event_id))
}

async function killAndRestart(component: string): Promise<void> {
  await stack.kill(component)
  await stack.restart(component)
}
