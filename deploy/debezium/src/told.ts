import { randomUUID } from 'node:crypto'
import { openKafka } from '@tenseams/kafka/client'
import type pg from 'pg'
import { asAdmin, type Capturing } from './capturing.ts'
import type { ConnectorName } from './connectors.ts'
import { type RawTable, rawTables, rawTopicOf } from './raw-topics.ts'
import { writerDecoder } from './writer-schema.ts'

/** The captured tables with the columns by which their rows are told apart, and the topics of events. */
export const rawKeys = [
  { table: rawTables[0], key: 'customer_id' },
  { table: rawTables[1], key: 'sku' },
] as const

const eventStores = ['orders.events', 'payments.events'] as const
const eventTopics = ['orders.order.v1', 'payments.payment.v1'] as const

/** What a connector has sent since this began to watch. */
export type Telling = {
  /** What Postgres has and the topics do not, one line for each table; empty when everything was sent. */
  missing(): Promise<readonly string[]>
  /** Records since the beginning: as long as it grows, the rest may still come. */
  told(): number
  close(): Promise<void>
}

/** Watches what a connector that is stopped will send from now on. */
export function watchTold(capturing: Capturing, name: ConnectorName): Promise<Telling> {
  return name === 'cdc' ? watchRows(capturing) : watchEvents(capturing)
}

/** Of each row that exists, a record must have come since. Keeps the key of each row and record in memory. */
async function watchRows(capturing: Capturing): Promise<Telling> {
  const decode = writerDecoder(capturing.registryUrl)
  const told = new Map<string, Set<string>>(
    rawTables.map((table) => [rawTopicOf(table), new Set()]),
  )
  let records = 0
  const following = await follow(capturing, [...told.keys()], async ({ topic, key, value }) => {
    records += 1
    if (key === null || value === null) return
    const column = rawKeys.find(({ table }) => rawTopicOf(table) === topic)?.key ?? ''
    const decoded = await decode<Record<string, unknown>>(topic, key)
    told.get(topic)?.add(String(decoded[column]))
  })
  const untold = new Untold((table, key) => told.get(rawTopicOf(table))?.has(key) ?? false)
  const missing = () => asAdmin(capturing, (client) => untold.look(client))
  return { missing, told: () => records, close: following.close }
}

/**
 * The rows that a record must still come of: those that exist at the first look, and were not deleted since. Rows that are
 * written later are the stream's, and under load one of them is always on its way.
 */
export class Untold {
  readonly #isTold: (table: RawTable, key: string) => boolean
  readonly #rows = new Map<RawTable, { readonly of: number; keys: readonly string[] }>()

  constructor(isTold: (table: RawTable, key: string) => boolean) {
    this.#isTold = isTold
  }

  async look(client: Pick<pg.ClientBase, 'query'>): Promise<readonly string[]> {
    const lines: string[] = []
    for (const { table, key } of rawKeys) {
      const known = this.#rows.get(table) ?? (await this.#begin(client, table, key))
      const open = known.keys.filter((each) => !this.#isTold(table, each))
      known.keys = open.length === 0 ? [] : await existing(client, table, key, open)
      if (known.keys.length === 0) continue
      const what = `${known.keys.length} of ${known.of} rows were not sent`
      lines.push(`${table}: ${what}, such as ${key} ${known.keys[0]}`)
    }
    return lines
  }

  async #begin(client: Pick<pg.ClientBase, 'query'>, table: RawTable, key: string) {
    const { rows } = await client.query<{ key: string }>(`select ${key}::text as key from ${table}`)
    const known = { of: rows.length, keys: rows.map((row) => row.key) }
    this.#rows.set(table, known)
    return known
  }
}

async function existing(
  client: Pick<pg.ClientBase, 'query'>,
  table: RawTable,
  key: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ key: string }>(
    `select ${key}::text as key from ${table} where ${key}::text = any($1)`,
    [keys],
  )
  return rows.map((row) => row.key)
}

/**
 * Of each topic as many events must have come as the stores have, and the newest of each store: they are read in the order
 * of their positions, so the newest one comes last, whatever was sent more than once.
 */
async function watchEvents(capturing: Capturing): Promise<Telling> {
  const { counts, newest } = await asAdmin(capturing, async (client) => {
    const counted = await client.query<{ topic: string; n: string }>(
      eventStores
        .map(
          (store) =>
            `select topic, count(*) as n from ${store} where topic = any($1) group by topic`,
        )
        .join(' union all '),
      [eventTopics],
    )
    const last = await client.query<{ topic: string; id: string }>(
      eventStores
        .map(
          (store) =>
            `(select topic, event_id::text as id from ${store} where topic = any($1) order by position desc limit 1)`,
        )
        .join(' union all '),
      [eventTopics],
    )
    return { counts: counted.rows, newest: last.rows }
  })
  const told = new Map<string, number>()
  const awaited = new Set(newest.map(({ id }) => id))
  const following = await follow(capturing, eventTopics, async ({ topic, id, type }) => {
    if (type === 'tick' || type === 'barrier') return
    told.set(topic, (told.get(topic) ?? 0) + 1)
    awaited.delete(id)
  })
  const missing = async () => [
    ...counts
      .filter(({ topic, n }) => (told.get(topic) ?? 0) < Number(n))
      .map(({ topic, n }) => `${topic}: ${told.get(topic) ?? 0} of ${n} events were sent`),
    ...newest
      .filter(({ id }) => awaited.has(id))
      .map(({ topic, id }) => `${topic}: its newest event ${id} was not sent`),
  ]
  const sum = () => [...told.values()].reduce((all, each) => all + each, 0)
  return { missing, told: sum, close: following.close }
}

type Told = {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Headers of an event. */
  readonly id: string
  readonly type: string
}

/** Calls `take` with what is committed behind the present end of each partition. */
async function follow(
  { brokers, credentialsFile }: Pick<Capturing, 'brokers' | 'credentialsFile'>,
  topics: readonly string[],
  take: (told: Told) => Promise<void>,
): Promise<{ close(): Promise<void> }> {
  const kafka = openKafka({ brokers, credentialsFile, clientId: 'cdc' })
  const admin = kafka.admin()
  await admin.connect()
  const ends = await Promise.all(
    topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) })),
  ).finally(() => admin.disconnect())
  const consumer = kafka.consumer({
    groupId: `cdc-command-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 200,
    allowAutoTopicCreation: false,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: false })
  await runFrom(consumer, ends, take)
  return { close: () => consumer.disconnect() }
}

type Consumer = ReturnType<ReturnType<typeof openKafka>['consumer']>

type Ends = readonly {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
}[]

async function runFrom(consumer: Consumer, ends: Ends, take: (told: Told) => Promise<void>) {
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve())
  })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, message: { key, value, headers } }) => {
      const textOf = (name: string) => headers?.[name]?.toString() ?? ''
      await take({ topic, key, value, id: textOf('id'), type: textOf('eventType') })
    },
  })
  await joined
  for (const { topic, partitions } of ends) {
    for (const { partition, offset } of partitions) consumer.seek({ topic, partition, offset })
  }
}
