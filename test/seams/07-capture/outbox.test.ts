import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { authorizationIn } from '@tenseams/identities/authorization'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { removeControlRows } from '@tenseams/pulse/control-retention'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { adminPool, orderBody, postOrder, rolePool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const topics = ['orders.order.v1', 'payments.payment.v1']

let stack: TestStack
let pool: pg.Pool
let reading: Reading

beforeAll(async () => {
  stack = await useStack()
  pool = adminPool(stack)
  reading = await readTopics(stack.endpoints.kafkaBrokers, topics)
})

afterAll(async () => {
  await reading.close()
  await pool.end()
})

type StoredRow = {
  readonly event_id: string
  readonly stream_id: string
  readonly type: string
  readonly topic: string
  readonly data: string
  readonly payload: Buffer
}

const storedRows = async (streamId: string): Promise<readonly StoredRow[]> => {
  const columns = 'event_id, stream_id, type, topic, data::text, payload'
  const { rows } = await pool.query<StoredRow>(
    `select ${columns} from orders.events where stream_id = $1
     union all select ${columns} from payments.events where stream_id = $1`,
    [streamId],
  )
  return rows
}

const placeAndSettle = async (): Promise<readonly StoredRow[]> => {
  const { body } = await postOrder(stack.endpoints.ordersUrl, orderBody())
  return eventually(
    async () => {
      const rows = await storedRows(String(body.orderId))
      return rows.some(({ type }) => type === 'OrderCompleted') ? rows : undefined
    },
    { timeoutMs: 30_000, what: 'an order to be placed, paid and completed' },
  )
}

describe('an event', () => {
  test('reaches Kafka as the very bytes that were stored, under its order’s key', async () => {
    const rows = await placeAndSettle()
    for (const row of rows) {
      const records = await eventually(
        () => {
          const found = reading.records.filter(({ headers }) => headers.id === row.event_id)
          return found.length > 0 ? found : undefined
        },
        { timeoutMs: 20_000, what: `${row.type} in ${row.topic}` },
      )
      expect(records).toHaveLength(1)
      expect(records[0]).toMatchObject({ topic: row.topic, key: row.stream_id })
      expect(records[0]?.headers.eventType).toBe(row.type)
      expect(records[0]?.value?.equals(row.payload)).toBe(true)
    }
  })

  test('says the same in its readable data as in its bytes', async () => {
    const codec = openCodec(stack.endpoints.registryUrl)
    const [placed] = (await placeAndSettle()).filter(({ type }) => type === 'OrderPlaced')
    if (placed === undefined) throw new Error('nothing was placed')
    const { value } = await codec.decode<OrderEvent>('orders.order.v1', placed.payload)
    expect(value).toMatchObject({ eventId: placed.event_id, streamId: placed.stream_id })
    expect(withoutBigints(value.placed)).toEqual(JSON.parse(placed.data))
  })

  test('outlives a lost registry: the store keeps the text of its schema by id', async () => {
    const [row] = await placeAndSettle()
    if (row === undefined) throw new Error('nothing was placed')
    const schemaId = schemaIdOf(row.payload)
    const { rows } = await pool.query<{ schema_text: string }>(
      'select schema_text from orders.schemas where schema_id = $1',
      [schemaId],
    )
    const codec = openCodec('http://127.0.0.1:1', 1_000)
    codec.learn(schemaId, rows[0]?.schema_text ?? '')
    const { value } = await codec.decode<OrderEvent>('orders.order.v1', row.payload)
    expect(value.streamId).toBe(row.stream_id)
  })
})

describe('ticks', () => {
  test('come into every partition of every topic with windows, in the order of their time', async () => {
    const ticksOf = (topic: string, partition: number) =>
      reading.records.filter(
        (record) =>
          record.topic === topic &&
          record.partition === partition &&
          record.headers.eventType === 'tick',
      )
    for (const topic of topics) {
      for (const partition of [0, 1, 2, 3]) {
        await eventually(() => ticksOf(topic, partition).length >= 3, {
          timeoutMs: 20_000,
          what: `three ticks in ${topic}-${partition}`,
        })
        const versions = ticksOf(topic, partition).map(({ headers }) => Number(headers.version))
        expect(versions).toEqual([...versions].sort((left, right) => left - right))
      }
    }
  })

  test('that are old are removed from the store, and nobody who reads the log is told', async () => {
    const pulse = rolePool(stack, 'pulse_service')
    expect(await removeControlRows(pulse, 'control')(new Date(), 2_000)).toBeGreaterThan(0)
    await pulse.end()
    const { rows: kept } = await pool.query<{ stream_id: string; version: string }>(
      `select stream_id, max(version) as version from control.events
        where stream_id like 'control/%' group by stream_id`,
    )
    expect(kept).toHaveLength(8)
    await placeAndSettle()
    for (const { stream_id, version } of kept) {
      const [, topic, partition] = stream_id.split('/')
      const later = await eventually(
        () => {
          const found = reading.records.filter(
            ({ headers, ...record }) =>
              record.topic === topic &&
              record.partition === Number(partition) &&
              headers.eventType === 'tick' &&
              Number(headers.version) > Number(version),
          )
          return found.length > 0 ? found : undefined
        },
        { timeoutMs: 20_000, what: `a tick after version ${version} of ${stream_id}` },
      )
      expect(Number(later[0]?.headers.version)).toBeLessThanOrEqual(Number(version) + 2)
    }
    expect(reading.records.filter(({ value }) => value === null)).toEqual([])
    const { rows } = await pool.query('select pubdelete from pg_publication where pubname = $1', [
      'outbox',
    ])
    expect(rows).toEqual([{ pubdelete: false }])
  })

  test('a barrier is one point in all of them', async () => {
    const response = await fetch(`${stack.endpoints.pulseUrl}/barriers`, {
      method: 'POST',
      headers: await authorizationIn(stack.secrets.fileOf('operator')),
      signal: AbortSignal.timeout(10_000),
    })
    const { rows } = (await response.json()) as {
      rows: { topic: string; partition: number; eventId: string }[]
    }
    expect(rows).toHaveLength(8)
    for (const row of rows) {
      await eventually(
        () =>
          reading.records.some(
            (record) =>
              record.headers.id === row.eventId &&
              record.topic === row.topic &&
              record.partition === row.partition,
          ),
        { timeoutMs: 20_000, what: `the barrier in ${row.topic}-${row.partition}` },
      )
    }
    const transactions = await pool.query(
      'select distinct transaction_id from control.events where event_id = any($1)',
      [rows.map(({ eventId }) => eventId)],
    )
    expect(transactions.rowCount).toBe(1)
  })
})

function withoutBigints(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'bigint' ? Number(part) : part,
    ),
  )
}
