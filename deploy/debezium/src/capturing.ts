import type { Capture } from '@tenseams/postgres/captures'
import pg from 'pg'
import type { ConnectorOptions } from './connectors.ts'

/** All that capturing consists of: Connect, the database that is captured, and where the changes come out. */
export type Capturing = {
  /** Kafka Connect's REST address. */
  readonly connectUrl: string
  readonly postgres: ConnectorOptions['postgres']
  /** Of the admin: publications and slots are not Debezium's. */
  readonly adminPassword: string
  readonly brokers: string
  /** Without a path. */
  readonly registryUrl: string
}

/** Something stands in the way; the message ends in what to do next. */
export class CaptureError extends Error {
  readonly code = 'CAPTURE_REFUSED'
  readonly retriable = false
}

/** Does `work` as the admin of the captured database. */
export async function asAdmin<Made>(
  { postgres: { host, port }, adminPassword }: Capturing,
  work: (client: pg.Client) => Promise<Made>,
): Promise<Made> {
  const client = new pg.Client({
    ...{ host, port, user: 'postgres', password: adminPassword, database: 'shop' },
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
  })
  // Postgres may go away between two statements; the next one says so.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** What Postgres knows of a connector. */
export type SlotState = {
  readonly active: boolean
  readonly walStatus: string | null
  /** WAL that is kept for it. */
  readonly retainedBytes: number
  /** What may still be written before it is lost; null without a limit. */
  readonly safeWalBytes: number | null
}

/** The slot of a connector; undefined when it is lost or was never made. */
export async function slotOf(client: pg.Client, name: Capture): Promise<SlotState | undefined> {
  const { rows } = await client.query<Record<keyof SlotState, unknown>>(
    `select active, wal_status as "walStatus", safe_wal_size as "safeWalBytes",
            pg_current_wal_lsn() - restart_lsn as "retainedBytes"
       from pg_replication_slots where slot_name = $1`,
    [name],
  )
  const [row] = rows
  if (row === undefined) return undefined
  return {
    active: row.active === true,
    walStatus: row.walStatus === null ? null : String(row.walStatus),
    retainedBytes: Number(row.retainedBytes),
    safeWalBytes: row.safeWalBytes === null ? null : Number(row.safeWalBytes),
  }
}

/** The tables of a publication; undefined when there is none of that name. */
export async function publishedTables(
  client: pg.Client,
  name: Capture,
): Promise<readonly string[] | undefined> {
  const there = await client.query('select 1 from pg_publication where pubname = $1', [name])
  if (there.rowCount === 0) return undefined
  const { rows } = await client.query<{ table: string }>(
    `select schemaname || '.' || tablename as table from pg_publication_tables where pubname = $1`,
    [name],
  )
  return rows.map(({ table }) => table)
}

/** Milliseconds since the connector's last heartbeat by Postgres' clock; undefined when it never beat. */
export async function heartbeatAgeMs(
  client: pg.Client,
  name: Capture,
): Promise<number | undefined> {
  const { rows } = await client.query<{ ms: string }>(
    `select extract(epoch from clock_timestamp() - beat_at) * 1000 as ms
       from cdc.heartbeat where connector = $1`,
    [name],
  )
  return rows[0] === undefined ? undefined : Math.round(Number(rows[0].ms))
}
