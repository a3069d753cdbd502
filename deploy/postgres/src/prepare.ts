import { readFile } from 'node:fs/promises'
import { connectWith } from '@tenseams/event-store/login'
import type { PostgresPasswords } from '@tenseams/identities/postgres-password'
import type pg from 'pg'
import { captures, ensurePublication, ensureSlot, eventStores } from './captures.ts'
import { settingsOf } from './limits.ts'
import { passwordStatement } from './passwords.ts'
import { type DatabaseName, databaseRights } from './rights.ts'
import { type Role, roles } from './roles.ts'

export type PrepareOptions = {
  readonly host: string
  readonly port: number
  /** Passwords of every role. */
  readonly passwords: Readonly<Record<Role, string>>
  /** Of the admin, the role `postgres`: two while a rotation is under way. */
  readonly adminPasswords: PostgresPasswords
}

/**
 * One database for each concern, so that no role sees the tables of another. The tables of our own are of a role that no service
 * has, so no service changes or drops one. The servers beside us migrate theirs by themselves.
 */
const databases = ['shop', 'vault', 'provider', 'catalog', 'registry'] as const

/**
 * Creates roles, databases, tables, publications and the two replication slots. Idempotent; after a crash, run it again. The
 * slots exist when it returns, before any service can write a row, so nothing is missed whenever the connectors start.
 */
export async function prepareDatabases(options: PrepareOptions): Promise<void> {
  await withDatabase(options, 'postgres', 'postgres', async (client) => {
    for (const role of roles) await ensureRole(client, role, options.passwords[role])
    for (const name of databases) await ensureDatabase(client, name)
    // By default, Postgres lets every role connect to its own databases.
    await client.query('revoke all on database postgres, template1 from public')
  })
  for (const database of ['vault', 'provider', 'shop']) {
    await withDatabase(options, 'postgres', database, (client) =>
      applyFile(client, '../ownership.sql'),
    )
  }
  const asOwner = (database: string, work: (client: pg.Client) => Promise<void>) =>
    withDatabase(options, 'schema_owner', database, work)
  await asOwner('vault', (client) => applyFile(client, '../vault.sql'))
  await asOwner('provider', (client) => applyFile(client, '../provider.sql'))
  await asOwner('shop', prepareShop)
  await withDatabase(options, 'postgres', 'shop', async (client) => {
    for (const name of captures) await ensureSlot(client, name)
  })
}

async function prepareShop(client: pg.Client): Promise<void> {
  for (const name of ['catalogue', 'cdc', 'legacy', ...eventStores.map(({ schema }) => schema)]) {
    await client.query(`create schema if not exists ${name}`)
  }
  for (const store of eventStores) {
    await applyFile(client, '../../../packages/event-store/schema.sql', store)
  }
  await applyFile(client, '../ledger.sql', { schema: 'payments', role: 'payments_service' })
  await applyFile(client, '../shop.sql')
  await applyFile(client, '../legacy.sql')
  for (const name of captures) await ensurePublication(client, name)
}

async function withDatabase(
  options: PrepareOptions,
  role: Role | 'postgres',
  database: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const { host, port, passwords, adminPasswords } = options
  const config = {
    ...{ host, port, user: role, database },
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
  }
  const own = role === 'postgres' ? adminPasswords : async () => [passwords[role]]
  const client = await connectWith(config, own)
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

async function ensureRole(client: pg.Client, role: Role, password: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role])
  const verb = rowCount === 0 ? 'create' : 'alter'
  const replication = role === 'debezium' ? 'replication' : 'noreplication'
  await client.query(
    `${verb} role ${role} login ${replication} nosuperuser nocreatedb nocreaterole`,
  )
  await client.query(passwordStatement(client, role, password))
  for (const [setting, value] of Object.entries(settingsOf(role))) {
    await client.query(`alter role ${role} set ${setting} = '${value}'`)
  }
}

async function ensureDatabase(client: pg.Client, name: DatabaseName): Promise<void> {
  const { owner, guests } = databaseRights[name]
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
  if (rowCount === 0) await client.query(`create database ${name} owner ${owner}`)
  else await client.query(`alter database ${name} owner to ${owner}`)
  await client.query(`revoke all on database ${name} from public`)
  if (guests.length > 0) {
    await client.query(`grant connect on database ${name} to ${guests.join(', ')}`)
  }
}

/** Applies an SQL file, by its path relative to this one, in one transaction; `values` replace its `{{names}}`. */
export async function applyFile(
  client: pg.Client,
  file: string,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const text = await readFile(new URL(file, import.meta.url), 'utf8')
  const filled = Object.entries(values).reduce(
    (sql, [name, value]) => sql.replaceAll(`{{${name}}}`, value),
    text,
  )
  await client.query(`begin; ${filled}; commit`)
}
