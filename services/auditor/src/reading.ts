import { LoginPool } from '@tenseams/event-store/login'
import { type Database, passwordsOf } from '@tenseams/event-store/pool'
import type pg from 'pg'
import type { Evidence } from './evidence.ts'
import type { TableName } from './evidence-tables.ts'

const PAGE = 2_000

export function openReadOnly(database: Database): pg.Pool {
  const pool = new LoginPool({
    databaseUrl: database.url,
    passwords: passwordsOf(database),
    application_name: 'auditor',
    max: 2,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
    options: '-c default_transaction_read_only=on',
  })
  pool.on('error', () => {
    // The next query opens a new connection, or fails with the reason.
  })
  pool.on('connect', (client) => {
    // Nor does a session end the process when Postgres ends it between two pages of a snapshot: the next page fails.
    client.on('error', () => undefined)
  })
  return pool
}

/**
 * Up to where a database has been read: every transaction below `xmin` had ended by then, so what it wrote was read.
 * What is read from a mark on therefore lacks nothing, however late a transaction ends.
 */
export type Mark = { readonly xmin: bigint; readonly atMs: bigint }

/** The mark of a snapshot that is open. */
export async function markOf(client: pg.PoolClient): Promise<Mark> {
  const { rows } = await client.query<{ readonly xmin: string; readonly at_ms: string }>(
    `select pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
            (extract(epoch from now()) * 1000)::bigint::text as at_ms`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('Postgres has no snapshot')
  return { xmin: BigInt(row.xmin), atMs: BigInt(row.at_ms) }
}

/** Removes from the evidence the rows of these keys, which are read again; all rows when there is no query of keys. */
export async function forget(
  client: pg.PoolClient,
  evidence: Evidence,
  table: TableName,
  column: string,
  keys: string | undefined,
): Promise<void> {
  if (keys === undefined) return evidence.clear(table)
  await pages(client, `select distinct ${column} from (${keys}) as changed`, (rows) =>
    removeRows(
      evidence,
      table,
      column,
      rows.map((row) => String(row[column])),
    ),
  )
}

/** Removes the rows with these values in the column. */
export async function removeRows(
  evidence: Evidence,
  table: TableName,
  column: string,
  keys: readonly string[],
  condition = 'true',
): Promise<void> {
  if (keys.length === 0) return
  const list = keys.map((key) => `'${key.replaceAll("'", "''")}'`).join(', ')
  await evidence.run(`delete from ${table} where ${condition} and ${column} in (${list})`)
}

export type AnyRow = Readonly<Record<string, unknown>>

/** All that the work reads is of one moment. */
export async function inOneSnapshot<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  let mustClose = true
  try {
    await client.query('begin isolation level repeatable read')
    const result = await work(client)
    await client.query('commit')
    mustClose = false
    return result
  } finally {
    client.release(mustClose)
  }
}

/** Reads by a cursor, so that this process holds one page in memory at most. */
export async function pages(
  client: pg.PoolClient,
  text: string,
  onPage: (rows: readonly AnyRow[]) => Promise<void>,
): Promise<void> {
  await client.query(`declare audit no scroll cursor for ${text}`)
  for (;;) {
    const { rows } = await client.query<AnyRow>(`fetch ${PAGE} from audit`)
    await onPage(rows)
    if (rows.length < PAGE) break
  }
  await client.query('close audit')
}

export const textOf = (value: unknown): string | null => (value === null ? null : String(value))

export const integerOf = (value: unknown): bigint | null =>
  value === null ? null : BigInt(String(value))
