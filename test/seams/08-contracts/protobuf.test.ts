import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import { currentSchema } from '@tenseams/contracts/schemas'
import type { Row } from '@tenseams/iceberg/format/row'
import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import { append, baseOf } from '@tenseams/iceberg/write/append'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTopics } from '../../support/kafka.ts'
import { openLake } from '../../support/lake/open-lake.ts'
import { openKafka } from '../../support/login.ts'
import { orderBody, postOrder } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const topic = 'fulfilment.shipment.v1'
const bronze = bronzeTableOf(topic)
const int64Max = 2n ** 63n - 1n
const beyondDouble = 2n ** 53n + 1n
const headerBytes = 6

/** Values that one of the systems on the way could change. */
const shipments: readonly ShipmentEvent[] = [
  {
    eventId: 'a',
    streamId: 'Ω€ 日本 😀 "\' \\',
    version: -(2n ** 63n),
    type: 'ShipmentDispatched',
    occurredAt: int64Max,
    traceparent: null,
    dispatched: { shipmentId: '', paymentId: 'второй,b;c\n\t' },
    recalled: null,
  },
  {
    eventId: 'b',
    streamId: '',
    version: beyondDouble,
    type: 'ShipmentRecalled',
    occurredAt: -beyondDouble,
    traceparent: '',
    dispatched: null,
    recalled: { shipmentId: '😀', reason: '' },
  },
  {
    eventId: 'c',
    streamId: 'of a newer contract',
    version: int64Max,
    type: 'ShipmentLost',
    occurredAt: 0n,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    dispatched: null,
    recalled: null,
  },
]

let stack: TestStack
let ports: LakePorts
let codec: Codec

beforeAll(async () => {
  stack = await useStack()
  const { catalogUrl, registryUrl } = stack.endpoints
  codec = openCodec(registryUrl, 10_000)
  ports = await openLake(catalogUrl)
})

afterAll(() => ports.engine.close())

describe('a Protobuf topic', () => {
  test('has Confluent’s frame, and bronze has the record unchanged', async () => {
    const { body } = await postOrder(stack.endpoints.ordersUrl, orderBody())
    const orderId = String(body.orderId)
    const [row] = await eventually(
      async () => {
        const rows = await rowsOf(bronze.table, `stream_id = '${orderId}'`)
        return rows.length > 0 ? rows : undefined
      },
      { timeoutMs: 60_000, what: 'the shipment in bronze', intervalMs: 250 },
    )
    const [record] = await recordsOf(topic, orderId)
    const value = record?.value ?? Buffer.alloc(0)
    expect(value[0]).toBe(0)
    expect(schemaIdOf(value)).toBe(await publishedId())
    // The message index: the first message of the file.
    expect(value[headerBytes - 1]).toBe(0)
    // Then Protobuf: field 1, a string of 36 bytes, is the event's id.
    expect([...value.subarray(headerBytes, headerBytes + 2)]).toEqual([0x0a, 36])
    const decoded = await codec.decode<ShipmentEvent>(topic, value)
    expect(record?.headers.id).toBe(decoded.value.eventId)
    expect(row).toMatchObject({
      ...rowOf(decoded.value),
      kafka_partition: record?.partition,
      kafka_offset: BigInt(record?.offset ?? -1),
      schema_id: decoded.schemaId,
    })
  })

  test('keeps unicode, empty strings and the ends of int64 through topic and lake', async () => {
    const name = `shipments-${randomUUID().slice(0, 8)}`
    await send(name)
    const records = await eventually(
      async () => {
        const found = await recordsOf(name)
        return found.length === shipments.length ? found : undefined
      },
      { timeoutMs: 30_000, what: 'the shipments in their topic' },
    )
    const origin = { partition: 0, timestampMs: 0, schemaId: 1 }
    const rows: Row[] = []
    for (const { value, offset } of records) {
      const decoded = await codec.decode<ShipmentEvent>(topic, value)
      rows.push(bronze.rowOf(decoded.value, { ...origin, offset: BigInt(offset) }))
    }
    const table = { namespace: 'test', name: name.replaceAll('-', '_') }
    await ports.catalog.ensureNamespace(table.namespace)
    await ports.catalog.ensureTable(table, bronze.schema, { 'format-version': '2' })
    try {
      const base = baseOf(await ports.catalog.loadTable(table))
      const spans = { [`${name}-0`]: { start: 0n, end: BigInt(rows.length) } }
      expect(await append(ports, table, base, { rows, spans })).toMatchObject({ kind: 'committed' })
      expect(await rowsOf(table, 'true')).toMatchObject(shipments.map(rowOf))
    } finally {
      await ports.catalog.dropTable(table)
    }
  })

  test('may get a further branch, but a field may not get another meaning', async () => {
    const { text } = currentSchema(topic)
    const grown = text.replace('ShipmentRecalled recalled = 8;', '$&\n  ShipmentLost lost = 9;')
    expect(await isCompatible(`${grown}\nmessage ShipmentLost { string where = 1; }`)).toBe(true)
    expect(await isCompatible(text.replace('int64 version', 'string version'))).toBe(false)
    expect(await isCompatible(text.replace('ShipmentRecalled recalled = 8;', ''))).toBe(false)
  })
})

/** A shipment as the lake must have it, independent of the code that makes rows. */
function rowOf(event: ShipmentEvent) {
  const { dispatched, recalled } = event
  return {
    event_id: event.eventId,
    stream_id: event.streamId,
    version: event.version,
    type: event.type,
    occurred_at: event.occurredAt,
    traceparent: event.traceparent,
    dispatched: dispatched && {
      shipment_id: dispatched.shipmentId,
      payment_id: dispatched.paymentId,
    },
    recalled: recalled && { shipment_id: recalled.shipmentId, reason: recalled.reason },
  }
}

function rowsOf(table: typeof bronze.table, condition: string): Promise<readonly Row[]> {
  return queryTable(ports, table, `SELECT * FROM rows WHERE ${condition} ORDER BY kafka_offset`)
}

async function recordsOf(name: string, key?: string) {
  const reading = await readTopics(stack.endpoints.kafkaBrokers, [name])
  const ours = () => reading.records.filter((record) => key === undefined || record.key === key)
  try {
    await eventually(() => ours().length > 0, { timeoutMs: 30_000, what: `records in ${name}` })
    return ours()
  } finally {
    await reading.close()
  }
}

/** Sends with the contract's encoder into a topic of this test, so that no service handles the shipments. */
async function send(name: string): Promise<void> {
  const { encode } = await codec.encoder<ShipmentEvent>(topic)
  const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'test' })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: false })
  await admin.disconnect()
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = shipments.map((event) => ({ value: encode(event) }))
  const sent = () => producer.send({ topic: name, acks: -1, messages })
  await eventually(sent, { timeoutMs: 20_000, what: `the topic ${name}` })
  await producer.disconnect()
}

async function publishedId(): Promise<unknown> {
  const answer = await ask(`/subjects/${topic}-value/versions/latest`)
  expect(answer.schemaType).toBe('PROTOBUF')
  return answer.id
}

async function isCompatible(schema: string): Promise<unknown> {
  const path = `/compatibility/subjects/${topic}-value/versions/latest`
  return (await ask(path, { schema, schemaType: 'PROTOBUF' })).is_compatible
}

async function ask(path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${stack.endpoints.registryUrl}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  return (await response.json()) as Readonly<Record<string, unknown>>
}
