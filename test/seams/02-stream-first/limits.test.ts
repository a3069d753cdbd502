import { eventually } from '@tenseams/local/launcher/host/wait'
import { type Limits, limitsOf } from '@tenseams/postgres/limits'
import type { Role } from '@tenseams/postgres/roles'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminPool, rolePool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack
let admin: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  admin = adminPool(stack)
})

afterAll(() => admin.end())

const urlOf = (role: Role, database: string) => {
  const { host, port } = stack.endpoints.postgres
  return `postgres://${role}:${stack.secrets.postgresPasswords[role]}@${host}:${port}/${database}`
}

const databaseOf: Readonly<Record<Role, string>> = {
  orders_service: 'shop',
  payments_service: 'shop',
  legacy_service: 'shop',
  pulse_service: 'shop',
  auditor: 'shop',
  exporter: 'shop',
  debezium: 'shop',
  provider_service: 'provider',
  vault_service: 'vault',
  catalog: 'catalog',
  registry: 'registry',
  schema_owner: 'shop',
}

const settings: readonly (keyof Limits)[] = [
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'lock_timeout',
]

test.each(Object.entries(databaseOf) as [Role, string][])(
  'a session of %s cannot hold a transaction or wait for a lock without end',
  async (role, database) => {
    const client = new pg.Client({ connectionString: urlOf(role, database) })
    await client.connect()
    try {
      for (const name of settings) {
        const { rows } = await client.query(
          `select setting::bigint = extract(epoch from $2::interval) * 1000 as same
             from pg_settings where name = $1`,
          [name, limitsOf[role][name]],
        )
        expect([name, rows]).toEqual([name, [{ same: true }]])
      }
    } finally {
      await client.end()
    }
  },
)

test('WAL that a slot keeps has a bound, and so has an operator’s forgotten transaction', async () => {
  const shown = async (name: string) => (await admin.query(`show ${name}`)).rows[0]?.[name]
  expect(await shown('max_slot_wal_keep_size')).toBe('2GB')
  expect(await shown('idle_in_transaction_session_timeout')).toBe('1min')
})

test('a writer whose session is ended between two statements fails in the next one, and does not end its process', async () => {
  const pool = rolePool(stack, 'orders_service')
  try {
    const client = await pool.connect()
    await client.query(`set idle_in_transaction_session_timeout = '200ms'`)
    await client.query('begin')
    const { rows } = await client.query(
      'select pg_backend_pid() as pid, pg_current_xact_id()::text as transaction',
    )
    const isGone = async () =>
      (await admin.query('select 1 from pg_stat_activity where pid = $1', [rows[0].pid]))
        .rowCount === 0
    await eventually(isGone, { timeoutMs: 10_000, what: 'the session to be ended' })
    await expect(client.query('select 1')).rejects.toThrow()
    client.release(true)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  } finally {
    await pool.end()
  }
})
