import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'
import { allTopics, openAdmin } from '@tenseams/contracts/publish/broker'
import { rawTables, rawTopicOf } from '@tenseams/debezium/raw-topics'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { accessTo } from '../../support/login.ts'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const products = 'cdc.shop.catalogue.products'
const heartbeats = 'cdc.shop.cdc.heartbeat'

/** A change as Debezium tells of it. */
type Change = {
  readonly op: string
  readonly before: Product | null
  readonly after: Product | null
  readonly source: { readonly lsn: bigint; readonly txId: bigint; readonly table: string }
}

type Product = { readonly sku: string; readonly name: string; readonly price_minor: bigint }

let stack: TestStack
let pool: pg.Pool
let reading: Reading
let codec: Codec

beforeAll(async () => {
  stack = await useStack()
  pool = adminPool(stack)
  reading = await readTopics(stack.endpoints.kafkaBrokers, [products, heartbeats])
  codec = openCodec(stack.endpoints.registryUrl, 10_000)
})

afterAll(async () => {
  await reading.close()
  await pool.end()
})

/** By the schema that wrote it: raw changes have the table's columns, and no contract of ours. */
async function changeIn(bytes: Buffer): Promise<Change> {
  const url = `${stack.endpoints.registryUrl}/schemas/ids/${schemaIdOf(bytes)}`
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  const { schema } = (await answer.json()) as { readonly schema: string }
  return (await codec.decode<Change>(products, bytes, { text: schema, format: 'avro' })).value
}

test('a row’s life is told with old and new values, each change once and in order, and ends in a tombstone', async () => {
  const sku = `test-${randomUUID().slice(0, 8)}`
  await pool.query(
    `insert into catalogue.products (sku, name, price_minor, currency) values ($1, 'Shelf', 100, 'EUR')`,
    [sku],
  )
  await pool.query('update catalogue.products set price_minor = 250 where sku = $1', [sku])
  await pool.query('delete from catalogue.products where sku = $1', [sku])
  const ofSku = () =>
    reading.records.filter(({ topic, key }) => topic === products && key?.includes(sku))
  const records = await eventually(() => (ofSku().length >= 4 ? ofSku() : undefined), {
    timeoutMs: 60_000,
    what: 'four records of one product',
  })
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(1)
  expect(records.map(({ value }) => value === null)).toEqual([false, false, false, true])
  const changes = await Promise.all(
    records.flatMap(({ value }) => (value === null ? [] : [changeIn(value)])),
  )
  const priceOf = (product: Product | null) => product?.price_minor ?? null
  expect(changes.map(({ op, before, after }) => [op, priceOf(before), priceOf(after)])).toEqual([
    ['c', null, 100n],
    ['u', 100n, 250n],
    ['d', 250n, null],
  ])
  const positions = changes.map(({ source }) => source.lsn)
  expect(positions.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(positions)
  expect(new Set(changes.map(({ source }) => source.txId)).size).toBe(3)
})

test('changes of one transaction have its id', async () => {
  const skus = [randomUUID(), randomUUID()].map((id) => `test-${id.slice(0, 8)}`)
  const client = await pool.connect()
  try {
    await client.query('begin')
    for (const sku of skus) {
      await client.query(
        `insert into catalogue.products (sku, name, price_minor, currency) values ($1, 'Rug', 1, 'EUR')`,
        [sku],
      )
    }
    await client.query('commit')
  } finally {
    client.release()
  }
  const found = () =>
    reading.records.filter(
      ({ topic, key }) => topic === products && skus.some((sku) => key?.includes(sku)),
    )
  const records = await eventually(() => (found().length === 2 ? found() : undefined), {
    timeoutMs: 60_000,
    what: 'the products of one transaction',
  })
  const changes = await Promise.all(
    records.flatMap(({ value }) => (value === null ? [] : [changeIn(value)])),
  )
  expect(new Set(changes.map(({ source }) => source.txId)).size).toBe(1)
  await pool.query('delete from catalogue.products where sku = any($1)', [skus])
})

test('the topics are there before the first row, and keep what they have', async () => {
  const admin = openAdmin(accessTo(stack.endpoints.kafkaBrokers), 10_000)
  await admin.connect()
  try {
    const topics = await allTopics(admin)
    for (const table of rawTables) {
      expect(topics.find(({ name }) => name === rawTopicOf(table))).toMatchObject({
        partitions: 4,
        configs: { 'retention.ms': '-1', 'cleanup.policy': 'delete' },
      })
    }
  } finally {
    await admin.disconnect()
  }
})

test('the heart beats while nothing is written to a captured table, so that the slot moves on', async () => {
  const confirmed = async () => {
    const { rows } = await pool.query<{ lsn: string }>(
      `select confirmed_flush_lsn - '0/0'::pg_lsn as lsn from pg_replication_slots where slot_name = 'cdc'`,
    )
    return BigInt(rows[0]?.lsn ?? 0)
  }
  const beats = () => reading.records.filter(({ topic }) => topic === heartbeats).length
  const before = { lsn: await confirmed(), beats: beats() }
  await eventually(async () => beats() > before.beats && (await confirmed()) > before.lsn, {
    timeoutMs: 60_000,
    what: 'a heartbeat, and the slot behind it',
  })
})
