import { messageOf } from '@tenseams/service/causes'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, rolePool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack
let admin: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  admin = adminPool(stack)
})

afterAll(() => admin.end())

const services = [
  ['orders_service', 'shop'],
  ['payments_service', 'shop'],
  ['pulse_service', 'shop'],
  ['vault_service', 'vault'],
  ['provider_service', 'provider'],
  ['auditor', 'shop'],
  ['exporter', 'shop'],
] as const

test.each(['shop', 'vault', 'provider'])(
  'everything in %s is of the owner role',
  async (database) => {
    const pool = adminPool(stack, database)
    const { rows } = await pool.query(
      `select distinct owner from (
       select relowner::regrole::text as owner from pg_class c join pg_namespace n on n.oid = relnamespace
        where n.nspname in ('catalogue', 'cdc', 'orders', 'payments', 'control')
           or (n.nspname = 'public' and relkind in ('r', 'p', 'v', 'm', 'S'))
       union all select proowner::regrole::text from pg_proc p join pg_namespace n on n.oid = pronamespace
        where n.nspname in ('public', 'catalogue', 'cdc', 'orders', 'payments', 'control')
       union all select pubowner::regrole::text from pg_publication
       union all select datdba::regrole::text from pg_database where datname = current_database()
     ) as things`,
    )
    await pool.end()
    expect(rows).toEqual([{ owner: 'schema_owner' }])
  },
)

test('no service is the owner role or may become it, and the owner role rules nobody', async () => {
  const { rows: members } = await admin.query(
    `select member::regrole::text from pg_auth_members where roleid = 'schema_owner'::regrole`,
  )
  expect(members).toEqual([])
  const { rows } = await admin.query(
    `select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as rules
       from pg_roles where rolname = 'schema_owner'`,
  )
  expect(rows).toEqual([{ rules: false }])
})

describe.each(services)('%s', (role, database) => {
  test.each([
    ['set role schema_owner', 'permission denied to set role'],
    ['create table public.mine (a int)', 'permission denied for schema public'],
    ['create schema mine', 'permission denied for database'],
    ['create extension hstore', 'permission denied'],
  ])('may not: %s', async (sql, refusal) => {
    const pool = rolePool(stack, role, { database })
    const answer = await pool.query(sql).then(() => 'allowed', messageOf)
    await pool.end()
    expect(answer).toContain(refusal)
  })
})

describe('a login', () => {
  const asked = async (sql: string) => (await admin.query<Record<string, string>>(sql)).rows

  test('is by SCRAM, for every role and from every address', async () => {
    const rules = await asked('select distinct auth_method from pg_hba_file_rules')
    expect(rules).toEqual([{ auth_method: 'scram-sha-256' }])
    const verifiers = await asked(
      `select distinct split_part(rolpassword, '$', 1) as kind from pg_authid where rolpassword is not null`,
    )
    expect(verifiers).toEqual([{ kind: 'SCRAM-SHA-256' }])
  })

  test('is logged once a connection, with who and where, and no statement is', async () => {
    expect(await asked('show log_connections')).toEqual([{ log_connections: 'authorization' }])
    expect(await asked('show log_statement')).toEqual([{ log_statement: 'none' }])
  })
})
