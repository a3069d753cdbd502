import { messageOf } from '@tenseams/service/causes'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack
let admin: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  admin = adminPool(stack)
})

afterAll(async () => {
  await admin.end()
})

/** As a connector connects: with the password that it was given, and nothing else. */
const asDebezium = async <Made>(
  work: (client: pg.Client) => Promise<Made>,
  options: { readonly database?: string; readonly replication?: 'database' | 'true' } = {},
): Promise<Made> => {
  const { host, port } = stack.endpoints.postgres
  const client = new pg.Client({
    ...{ host, port, user: 'debezium', database: 'shop', connectionTimeoutMillis: 10_000 },
    password: stack.secrets.postgresPasswords.debezium,
    ...options,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Nothing of what is tried stays, also when it is allowed. */
const attempt = (sql: string): Promise<string> =>
  asDebezium(async (client) => {
    await client.query('begin')
    try {
      await client.query(sql)
      return 'allowed'
    } catch (error) {
      return messageOf(error)
    } finally {
      await client.query('rollback')
    }
  })

const captured = [
  'orders.events',
  'payments.events',
  'control.events',
  'catalogue.customers',
  'catalogue.products',
  'cdc.heartbeat',
]

describe('Debezium’s role may', () => {
  test.each(captured)('read %s, which is captured', async (table) => {
    expect(await attempt(`select * from ${table} limit 1`)).toBe('allowed')
  })

  test.each([
    `insert into cdc.heartbeat (connector, beat_at) values ('cdc', now())
       on conflict (connector) do update set beat_at = excluded.beat_at`,
    `insert into cdc.signal values ('a', 'snapshot-window-open', null)`,
  ])('write where it must: %s', async (sql) => {
    expect(await attempt(sql)).toBe('allowed')
  })

  test('do nothing else with any table of the database', async () => {
    const { rows } = await admin.query<{ held: string }>(
      `select format('%s %I.%I', lower(privilege), n.nspname, c.relname) as held
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                                 'TRIGGER', 'MAINTAIN']) as privilege
        where c.relkind in ('r', 'p', 'v', 'm', 'f')
          and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
          and has_table_privilege('debezium', c.oid, privilege)`,
    )
    const reads = captured.map((table) => `select ${table}`)
    const writes = ['insert cdc.heartbeat', 'update cdc.heartbeat', 'insert cdc.signal']
    expect(rows.map(({ held }) => held).toSorted()).toEqual([...reads, ...writes].toSorted())
  })

  test('do nothing that makes others its own', async () => {
    const { rows } = await admin.query(
      `select rolreplication as replicates, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls as rules,
              exists (select from pg_auth_members where member = r.oid) as "isMember",
              exists (select from pg_class where relowner = r.oid) as owns
         from pg_roles r where rolname = 'debezium'`,
    )
    expect(rows).toEqual([{ replicates: true, rules: false, isMember: false, owns: false }])
  })
})

describe('Debezium’s role is refused', () => {
  test.each([
    ['select * from orders.idempotency', 'permission denied for table idempotency'],
    ['select * from orders.order_list', 'permission denied for table order_list'],
    ['select * from payments.inbox', 'permission denied for table inbox'],
    ['select * from cdc.signal', 'permission denied for table signal'],
    ['update cdc.signal set type = type', 'permission denied for table signal'],
    ['delete from cdc.heartbeat', 'permission denied for table heartbeat'],
    ['delete from orders.events', 'permission denied for table events'],
    ['update payments.events set type = type', 'permission denied for table events'],
    ['truncate control.events', 'permission denied for table events'],
    ['update catalogue.products set price_minor = 0', 'permission denied for table products'],
    ['delete from catalogue.customers', 'permission denied for table customers'],
    ['lock table catalogue.products', 'permission denied for table products'],
    ['create table catalogue.mine (a int)', 'permission denied for schema catalogue'],
    ['create table cdc.mine (a int)', 'permission denied for schema cdc'],
    ['create table public.mine (a int)', 'permission denied for schema public'],
    ['create temporary table mine (a int)', 'permission denied to create temporary tables'],
    ['create schema mine', 'permission denied for database shop'],
    ['create publication mine', 'permission denied for database shop'],
    ['alter publication cdc drop table catalogue.products', 'must be owner of publication cdc'],
    ['drop publication outbox', 'must be owner of publication outbox'],
    ['alter table catalogue.products replica identity nothing', 'must be owner of table products'],
    ['create role mine', 'permission denied to create role'],
    ['alter role debezium superuser', 'permission denied to alter role'],
    ['set role orders_service', 'permission denied to set role'],
    ["select pg_read_file('PG_VERSION')", 'permission denied for function pg_read_file'],
    [
      "copy (select 1) to program 'true'",
      'permission denied to COPY to or from an external program',
    ],
    [
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
      'permission denied to terminate process',
    ],
  ])('%s', async (sql, refusal) => {
    expect(await attempt(sql)).toContain(refusal)
  })

  test.each(['vault', 'catalog', 'provider', 'registry', 'postgres', 'template1'])(
    'a connection to the database %s, also as a replica',
    async (database) => {
      for (const replication of [undefined, 'database'] as const) {
        const opened = asDebezium(async () => 'opened', {
          database,
          ...(replication && { replication }),
        })
        await expect(opened).rejects.toThrow(`permission denied for database "${database}"`)
      }
    },
  )
})

describe('beyond what Postgres can refuse a role with REPLICATION', () => {
  test('lies the server’s whole content: a base backup has no list of databases', async () => {
    const { host, port } = stack.endpoints.postgres
    const client = new pg.Client({
      ...{ host, port, user: 'debezium', database: 'shop', replication: 'database' },
      password: stack.secrets.postgresPasswords.debezium,
    } as pg.ClientConfig)
    client.on('error', () => undefined)
    await client.connect()
    const begun = new Promise((resolve) => client.connection.once('copyData', resolve))
    client.query('BASE_BACKUP (CHECKPOINT fast)').catch(() => undefined)
    await begun
    client.connection.stream.destroy()
  })
})
