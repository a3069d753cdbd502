import { randomUUID } from 'node:crypto'
import { EventStore } from '@tenseams/event-store/event-store'
import { idempotencyKeysOf, inboxOf } from '@tenseams/event-store/guard-retention'
import { readAnswer } from '@tenseams/event-store/read'
import { Retention } from '@tenseams/event-store/retention'
import { applyFile } from '@tenseams/postgres/prepare'
import { removeControlRows } from '@tenseams/pulse/control-retention'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, rolePool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const DAY_MS = 86_400_000
/** A store of this test alone, of which the auditor knows nothing. */
const SCHEMA = 'retention_test'

let stack: TestStack
let admin: pg.Client
let pool: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  const { host, port } = stack.endpoints.postgres
  const { postgresPasswords: passwords } = stack.secrets
  admin = new pg.Client({
    ...{ host, port, database: 'shop', user: 'postgres', password: passwords.postgres },
  })
  await admin.connect()
  await admin.query(`create schema if not exists ${SCHEMA}`)
  await applyFile(admin, '../../../packages/event-store/schema.sql', {
    ...{ schema: SCHEMA, role: 'orders_service' },
  })
  pool = rolePool(stack, 'orders_service')
})

afterAll(async () => {
  await pool.end()
  await admin.query(`drop schema ${SCHEMA} cascade`)
  await admin.end()
})

/** A day's guards, in the middle of that day. */
const fill = (table: string, columns: string, day: number) =>
  admin.query(
    `insert into ${SCHEMA}.${table} (${columns}, recorded_at)
     select ${table === 'inbox' ? 'gen_random_uuid()' : `gen_random_uuid()::text, '', 201, '{}'`}, to_timestamp($1)
       from generate_series(1, 4000)`,
    [(day + 0.5) * (DAY_MS / 1000)],
  )

const sizeOf = async (table: string) => {
  await admin.query(`vacuum ${SCHEMA}.${table}`)
  const { rows } = await admin.query<{ rows: string; bytes: string }>(
    `select count(*) as rows, pg_total_relation_size('${SCHEMA}.${table}') as bytes from ${SCHEMA}.${table}`,
  )
  return { rows: Number(rows[0]?.rows), bytes: Number(rows[0]?.bytes) }
}

describe('ticks', () => {
  const streams = ['control/a/0', 'control/a/1', 'control/b/0']

  /** A day's ticks: their versions go on. */
  const tick = (day: number) =>
    admin.query(
      `insert into ${SCHEMA}.events (event_id, stream_id, version, type, topic, partition, data, payload, recorded_at)
       select gen_random_uuid(), stream, $2 * 1440 + minute, 'tick', 'a', 0, '{}', '', to_timestamp($1 + minute * 60)
         from generate_series(1, 1440) as minute, unnest($3::text[]) as stream order by minute`,
      [(day * DAY_MS) / 1000, day, streams],
    )

  test('are as many after a month as after two days, and the newest of each stream stays', async () => {
    const clock = { now: 0 }
    const owner = adminPool(stack)
    const remove = removeControlRows(owner, SCHEMA)
    const retention = new Retention({
      expiring: [{ what: 'ticks', lifeMs: DAY_MS, remove }],
      onError: (error) => {
        throw error
      },
      now: () => clock.now,
    })
    const sizes: { rows: number; bytes: number }[] = []
    for (let day = 0; day < 30; day += 1) {
      await tick(day)
      clock.now = (day + 1) * DAY_MS
      expect(await retention.sweep()).toBe(true)
      sizes.push(await sizeOf('events'))
    }
    expect(sizes.at(-1)?.rows).toBeLessThanOrEqual(3 * 1441)
    expect(sizes.at(-1)?.bytes).toBeLessThan((sizes[2]?.bytes ?? 0) * 1.5)
    clock.now += 30 * DAY_MS
    await retention.sweep()
    const { rows } = await admin.query(
      `select stream_id, version::integer from ${SCHEMA}.events order by stream_id`,
    )
    expect(rows).toEqual(streams.map((stream_id) => ({ stream_id, version: 30 * 1440 })))
    await owner.end()
  })
})

describe('guards', () => {
  test.each([
    ['inbox', 'event_id'],
    ['idempotency', 'key, request_hash, status, answer'],
  ] as const)(
    '%s: is as large after a month of constant load as after its first ten days',
    async (table, columns) => {
      const guards = table === 'inbox' ? inboxOf : idempotencyKeysOf
      const clock = { now: 0 }
      const retention = new Retention({
        expiring: [guards(pool, SCHEMA, 7 * DAY_MS)],
        onError: (error) => {
          throw error
        },
        now: () => clock.now,
      })
      const sizes: { rows: number; bytes: number }[] = []
      for (let day = 0; day < 30; day += 1) {
        await fill(table, columns, day)
        clock.now = (day + 1) * DAY_MS
        expect(await retention.sweep()).toBe(true)
        sizes.push(await sizeOf(table))
      }
      expect(sizes.at(-1)?.rows).toBe(28_000)
      expect(sizes[9]?.rows).toBe(28_000)
      expect(sizes.at(-1)?.bytes).toBeLessThan((sizes[9]?.bytes ?? 0) * 1.5)
      const { rows } = await admin.query(
        `select extract(epoch from removed_before) * 1000 as at from ${SCHEMA}.removals where what = $1`,
        [table],
      )
      expect(Number(rows[0]?.at)).toBe(23 * DAY_MS)
    },
  )

  test('a key whose life is over is a new one, and one that lives gets its first answer', async () => {
    const store = new EventStore({ pool, schema: SCHEMA })
    const [old, young] = [randomUUID(), randomUUID()]
    const append = (key: string, answer: string) => ({
      ...{ streamId: randomUUID(), expectedVersion: 0n, events: [] },
      guard: {
        kind: 'idempotency' as const,
        ...{ key, requestHash: Buffer.from('hash'), status: 201, answer },
      },
    })
    await store.append(append(old, 'first'))
    await store.append(append(young, 'first'))
    await admin.query(
      `update ${SCHEMA}.idempotency set recorded_at = recorded_at - interval '8 days' where key = $1`,
      [old],
    )
    const expiring = [idempotencyKeysOf(pool, SCHEMA, 7 * DAY_MS)]
    await new Retention({ expiring, onError: () => undefined }).sweep()
    expect(await readAnswer(pool, SCHEMA, old)).toBeUndefined()
    expect(await store.append(append(old, 'second'))).toEqual({ kind: 'appended' })
    expect(await store.append(append(young, 'second'))).toEqual({ kind: 'repeated' })
  })

  test('the role that removes guards still removes no event', async () => {
    await expect(pool.query(`delete from ${SCHEMA}.events`)).rejects.toThrow('permission denied')
  })
})
