import { randomUUID } from 'node:crypto'
import type { Append, NewEvent } from '@tenseams/event-store/append'
import { EventStore } from '@tenseams/event-store/event-store'
import { readAnswer } from '@tenseams/event-store/read'
import { StreamReader } from '@tenseams/event-store/stream-reader'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rolePool } from '../../support/shop.ts'
import { useStack } from '../../support/stack.ts'
import { letConnectPublish, testedTopic } from '../../support/tested-events.ts'

let pool: pg.Pool
let store: EventStore
let streams: StreamReader

beforeAll(async () => {
  const stack = await useStack()
  await letConnectPublish(stack.endpoints)
  pool = rolePool(stack, 'orders_service')
  store = new EventStore({ pool, schema: 'orders' })
  streams = new StreamReader({ pool, schema: 'orders' })
})

afterAll(() => pool.end())

const event = (version: bigint): NewEvent => ({
  eventId: randomUUID(),
  version,
  type: 'Tested',
  topic: testedTopic,
  data: { big: 2n ** 53n + 1n },
  payload: Buffer.from([0, 0, 0, 0, 1, 255]),
})

const append = (streamId: string, expectedVersion: bigint, count = 1): Append => ({
  streamId,
  expectedVersion,
  events: Array.from({ length: count }, (_, step) => event(expectedVersion + BigInt(step) + 1n)),
})

describe('an append', () => {
  test('is written as a whole or not at all, by the version it was decided on', async () => {
    const stream = randomUUID()
    expect(await store.append(append(stream, 0n, 2))).toEqual({ kind: 'appended' })
    expect(await store.append(append(stream, 0n, 3))).toEqual({
      kind: 'conflict',
      actualVersion: 2n,
    })
    const stored = await streams.read(stream)
    expect(stored.map(({ version }) => version)).toEqual([1n, 2n])
    expect(stored[0]?.payload).toEqual(Buffer.from([0, 0, 0, 0, 1, 255]))
  })

  test('keeps all digits of a number in its readable data', async () => {
    const stream = randomUUID()
    await store.append(append(stream, 0n))
    const { rows } = await pool.query('select data::text from orders.events where stream_id = $1', [
      stream,
    ])
    expect(rows).toEqual([{ data: '{"big": 9007199254740993}' }])
  })

  test('of an event that was handled before has no effect', async () => {
    const [stream, eventId] = [randomUUID(), randomUUID()]
    const guard = { kind: 'inbox' as const, eventId }
    expect(await store.append({ ...append(stream, 0n), guard })).toEqual({ kind: 'appended' })
    expect(await store.append({ ...append(stream, 1n), guard })).toEqual({ kind: 'repeated' })
    expect(await streams.read(stream)).toHaveLength(1)
  })

  test('stores the answer of an Idempotency-Key in the same transaction, and only if it is appended', async () => {
    const [stream, key] = [randomUUID(), randomUUID()]
    const guard = {
      kind: 'idempotency' as const,
      key,
      requestHash: Buffer.from('hash'),
      status: 201,
      answer: { b: 1, a: 2 },
    }
    const late = { ...append(stream, 7n), guard }
    expect((await store.append(late)).kind).toBe('conflict')
    expect(await readAnswer(pool, 'orders', key)).toBeUndefined()
    expect((await store.append({ ...append(stream, 0n), guard })).kind).toBe('appended')
    const kept = await readAnswer(pool, 'orders', key)
    expect(JSON.stringify(kept?.answer)).toBe('{"b":1,"a":2}')
  })

  test('that Postgres refuses does not fail the others of its batch', async () => {
    const twice = event(1n)
    const good = Array.from({ length: 20 }, () => append(randomUUID(), 0n))
    const bad = [1, 2].map(() => ({ ...append(randomUUID(), 0n), events: [twice] }))
    const settled = await Promise.allSettled([...good, ...bad].map((one) => store.append(one)))
    const refused = settled.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(1)
    expect(settled.slice(0, 20).every(({ status }) => status === 'fulfilled')).toBe(true)
  })
})

describe('many callers at once', () => {
  test('leave each stream with versions 1..n and without gaps', async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()]
    const other = new EventStore({ pool, schema: 'orders' })
    const addOne = async (stream: string, through: EventStore): Promise<void> => {
      for (let version = 0n; ; ) {
        const result = await through.append(append(stream, version, 2))
        if (result.kind !== 'conflict') return
        version = result.actualVersion
      }
    }
    const callers = Array.from({ length: 60 }, (_, caller) =>
      addOne(ids[caller % 3] ?? '', caller % 2 === 0 ? store : other),
    )
    await Promise.all(callers)
    for (const stream of ids) {
      const versions = (await streams.read(stream)).map(({ version }) => Number(version))
      expect(versions).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    }
  })

  test('with one key have one effect', async () => {
    const guard = { kind: 'inbox' as const, eventId: randomUUID() }
    const results = await Promise.all(
      Array.from({ length: 200 }, () => store.append({ ...append(randomUUID(), 0n), guard })),
    )
    expect(results.filter(({ kind }) => kind === 'appended')).toHaveLength(1)
    expect(results.filter(({ kind }) => kind === 'repeated')).toHaveLength(199)
  })
})

describe('the service’s role', () => {
  test.each([
    ['change an event', `update orders.events set type = 'x'`],
    ['delete an event', 'delete from orders.events'],
    ['forget an inbox entry', 'delete from orders.inbox'],
    ['change an answer', `update orders.idempotency set status = 200`],
    ['read another team’s events', 'select 1 from payments.events'],
    ['write control rows', `insert into control.inbox (event_id) values (gen_random_uuid())`],
    ['empty the store', 'truncate orders.events'],
  ])('may not %s', async (_, statement) => {
    await expect(pool.query(statement)).rejects.toThrow(/permission denied/)
  })
})
