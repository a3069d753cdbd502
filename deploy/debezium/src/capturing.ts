import type { Capture } from '@tenseams/postgres/captures'
import pg from 'pg'
import type { ConnectorOptions } from './connectors.ts'

/** Everything that takes part in capturing: Connect, the captured database, and where the changes are written. */
export type Capturing = Pick<
  ConnectorOptions,
  'connectUrl' | 'login' | 'connectSecretsFile' | 'postgres'
> & {
  /** The admin's: Debezium's role may not change publications and slots. */
  readonly adminPassword: string
  readonly brokers: string
  /** The operator's, for Kafka. */
  readonly credentialsFile: string
  /** Without a path. */
  readonly registryUrl: string
}

/** The command is not possible now. The message ends with what to do next. */
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
  // When Postgres closes the connection between two statements, the next one fails.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The state of a replication slot in Postgres. */
export type SlotState = {
  readonly active: boolean
  readonly walStatus: string | null
  /** WAL that Postgres keeps for it. */
  readonly retainedBytes: number
  /** The WAL that can be written before the slot is lost; null without a limit. */
  readonly safeWalBytes: number | null
}

/** The slot of a connector; undefined when there is none. */
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

/** Milliseconds since the connector's last heartbeat by Postgres' clock; undefined when there was none. */
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

/** What the watchdog of the connectors (services/pulse) did about one that has failed. */
export type Watched = {
  readonly restarts: number
  readonly reason: string
  readonly givenUp: boolean
}

/** Undefined when the connector has never failed, or not since somebody resumed it. */
export async function watchedOf(client: pg.Client, name: Capture): Promise<Watched | undefined> {
  const { rows } = await client.query<Watched>(
    `select restarts, reason, given_up as "givenUp" from cdc.watchdog where connector = $1`,
    [name],
  )
  return rows[0]
}

/** Lets the watchdog begin anew. Call it when somebody has looked at the connector. */
export async function forgetWatched(client: pg.Client, name: Capture): Promise<void> {
  await client.query('delete from cdc.watchdog where connector = $1', [name])
}
