import { randomUUID } from 'node:crypto'
import { avroType } from '@tenseams/codec/avro-long'
import type { Encoder } from '@tenseams/codec/codec'
import { openRegistry } from '@tenseams/codec/registry'
import { openCodec } from '@tenseams/contracts/codec'
import {
  catalogDdl,
  goldTable,
  goldTableDdl,
  sinkTableDdl,
  sourceTableDdl,
} from '@tenseams/contracts/generate/flink'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { type ContractSchema, currentSchema, parseSchema } from '@tenseams/contracts/schemas'
import { subjectOf } from '@tenseams/contracts/topics'
import { EventStore } from '@tenseams/event-store/event-store'
import { cancelJob } from '@tenseams/flink-jobs/flink/cluster'
import { type GatewaySession, openSession } from '@tenseams/flink-jobs/flink/gateway'
import { Engine } from '@tenseams/iceberg/duckdb'
import type { Row } from '@tenseams/iceberg/format/row'
import { queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flinkEndpointsOf, letFlinkUse } from '../../support/flink-access.ts'
import { type Reading, type ReadRecord, readTopics } from '../../support/kafka.ts'
import { openKafka, ownLogin } from '../../support/login.ts'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { letConnectPublish } from '../../support/tested-events.ts'
import { flatText, orderEvents, seenOf, seenSql } from './one-record.ts'

const run = randomUUID().slice(0, 8)
const eventTopic = `proof.one-record-${run}.v1`
const seenTopic = `proof.one-record-seen-${run}.v1`
const timeoutMs = 60_000

/** The orders' contract on a topic of this test, so that no other figure changes. */
const events: ContractSchema = { ...currentSchema('orders.order.v1'), topic: eventTopic }
const seen: ContractSchema = {
  topic: seenTopic,
  version: 1,
  format: 'avro',
  file: 'one-record.ts',
  text: flatText,
  schema: parseSchema(flatText, 'one-record.ts'),
}

let stack: TestStack
let session: GatewaySession
let jobId: string | undefined
let seenId: number
let reading: Reading
let encoder: Encoder<OrderEvent>

/**
 * Single values on the way with the most conversions: Node → events row → Debezium → topic → Flink's avro-confluent →
 * topic → Node, and → Iceberg. Most proofs count records; this test compares their values.
 */
describe('one record with nullable branches', () => {
  beforeAll(async () => {
    stack = await useStack()
    const { registryUrl, publisherLogin, kafkaBrokers, sqlGatewayUrl } = stack.endpoints
    encoder = await openCodec(registryUrl, timeoutMs).encoder<OrderEvent>('orders.order.v1')
    const registry = openRegistry(registryUrl, timeoutMs, publisherLogin)
    seenId = (await registry.register(subjectOf(seenTopic), seen)).id
    await createTopics([eventTopic, seenTopic])
    session = await openSession({ ...stack.endpoints, gatewayUrl: sqlGatewayUrl })
    jobId = await startJob()
    reading = await readTopics(kafkaBrokers, [eventTopic, seenTopic])
    await appendEvents()
  }, 240_000)

  afterAll(async () => {
    await reading?.close()
    if (jobId !== undefined) await cancelJob(stack.endpoints, jobId)
    await session?.execute(`DROP TABLE IF EXISTS ${goldTable(seenTopic)}`)
    await session?.close()
  })

  it("reaches the topic with the row's very bytes", async () => {
    const records = await committed(eventTopic)
    const bytes = new Map(records.map(({ key, value }) => [key, value]))
    for (const event of orderEvents) {
      expect(bytes.get(keyOf(event)), event.eventId).toEqual(encoder.encode(event))
    }
  })

  it('is read and written by Flink with every value unchanged', async () => {
    const records = await committed(seenTopic)
    expect(byEvent(records.map(seenValue))).toEqual(byEvent(orderEvents.map(seenOf)))
  })

  it('is written by Flink under the published id, and no further version is registered', async () => {
    const records = await committed(seenTopic)
    expect([...new Set(records.map((record) => record.value?.readUInt32BE(1)))]).toEqual([seenId])
    const url = `${stack.endpoints.registryUrl}/subjects/${subjectOf(seenTopic)}/versions`
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    expect(await response.json()).toEqual([1])
  })

  it('is written into Iceberg with every value unchanged', async () => {
    const rows = await eventually(
      async () => {
        const found = await lakeRows()
        return found.length >= orderEvents.length && found
      },
      { timeoutMs, what: `${orderEvents.length} rows in ${goldTable(seenTopic)}` },
    )
    expect(byEvent(rows)).toEqual(byEvent(orderEvents.map((event) => asRow(seenOf(event)))))
  })
})

function keyOf(event: OrderEvent): string {
  return `${run}-${event.streamId}`
}

async function createTopics(topics: readonly string[]): Promise<void> {
  const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'test-one-record' })
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: topics.map((topic) => ({ topic, numPartitions: 4, replicationFactor: 1 })),
    })
    const what = `the topics ${topics.join(', ')}`
    await eventually(() => admin.fetchTopicMetadata({ topics: [...topics] }), { timeoutMs, what })
  } finally {
    await admin.disconnect()
  }
}

async function startJob(): Promise<string | undefined> {
  const endpoints = flinkEndpointsOf(stack.endpoints)
  await letFlinkUse(stack.endpoints, {
    ...{ topics: [eventTopic, seenTopic], groups: [eventTopic], transactionalIds: [seenTopic] },
  })
  await letConnectPublish(stack.endpoints, eventTopic)
  const statements = [
    `SET 'pipeline.name' = '${eventTopic}'`,
    "SET 'table.local-time-zone' = 'UTC'",
    "SET 'table.exec.iceberg.use-v2-sink' = 'true'",
    "SET 'execution.checkpointing.interval' = '1 s'",
    sourceTableDdl(events, endpoints, {
      groupId: eventTopic,
      watermarkDelay: "INTERVAL '5' SECOND",
      fetchWaitMs: 100,
    }),
    sinkTableDdl(seen, endpoints, {
      keyField: 'streamId',
      transactionalIdPrefix: seenTopic,
      transactionTimeoutMs: 60_000,
    }),
    ...catalogDdl(endpoints),
    goldTableDdl(seen),
  ]
  for (const sql of statements) await session.execute(sql)
  const { jobId: started } = await session.execute(
    seenSql(`\`${eventTopic}\``, `\`${seenTopic}\``, goldTable(seenTopic)),
  )
  return started
}

async function appendEvents(): Promise<void> {
  const pool = adminPool(stack)
  const store = new EventStore({ pool, schema: 'control' })
  try {
    for (const event of orderEvents) {
      const { eventId, type } = event
      const row = { eventId: randomUUID(), version: 1n, type, topic: eventTopic }
      const payload = encoder.encode(event)
      const result = await store.append({
        streamId: keyOf(event),
        expectedVersion: 0n,
        events: [{ ...row, data: { eventId }, payload }],
      })
      expect(result).toEqual({ kind: 'appended' })
    }
  } finally {
    await pool.end()
  }
}

function committed(topic: string): Promise<readonly ReadRecord[]> {
  const found = () => {
    const records = reading.records.filter((record) => record.topic === topic)
    return records.length >= orderEvents.length && records
  }
  return eventually(found, { timeoutMs, what: `${orderEvents.length} records in ${topic}` })
}

type Seen = Readonly<Record<string, unknown>>

function seenValue({ value }: ReadRecord): Seen {
  if (value === null) expect.fail('a record without a value')
  return { ...avroType(flatText).fromBuffer(value.subarray(5)) }
}

function byEvent(rows: readonly Seen[]): readonly Seen[] {
  const idOf = (row: Seen) => String(row.eventId ?? row.event_id)
  return rows.toSorted((a, b) => idOf(a).localeCompare(idOf(b)))
}

async function lakeRows(): Promise<readonly Row[]> {
  const catalog = new Catalog({ url: stack.endpoints.catalogUrl, login: ownLogin, timeoutMs })
  const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
  try {
    await catalog.config()
    const name = goldTable(seenTopic).split('`').at(-2) ?? ''
    const table = { namespace: 'gold', name }
    return await queryTable({ catalog, storage: fileStorage, engine }, table, lakeSql)
  } finally {
    engine.close()
  }
}

/** Times as the integers in the file, so that no client converts time zones. */
const lakeSql = `SELECT * REPLACE (epoch_us(occurred_at) AS occurred_at, epoch_us(placed_at) AS placed_at) FROM rows`

/** The expected row in the lake: columns in snake_case, times in microseconds. */
function asRow(row: Seen): Seen {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => {
      const column = field.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
      const isTime = column.endsWith('_at') && typeof value === 'number'
      return [column, isTime ? BigInt(value) * 1_000n : value]
    }),
  )
}
