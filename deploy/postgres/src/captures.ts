import type pg from 'pg'

/** Event stores of `shop`: the schema and the role that appends to it. */
export const eventStores = [
  { schema: 'orders', role: 'orders_service' },
  { schema: 'payments', role: 'payments_service' },
  { schema: 'control', role: 'pulse_service' },
] as const

/** Columns that Debezium needs. `data` is for people: it never enters the WAL stream. */
const EVENT_COLUMNS = '(position, event_id, stream_id, version, type, topic, partition, payload)'

type Publication = { readonly tables: readonly string[]; readonly publish: string }

/** What each connector gets to see, under the name of the connector and of its slot. */
const publications = {
  outbox: {
    tables: [
      ...eventStores.map(({ schema }) => `${schema}.events ${EVENT_COLUMNS}`),
      'cdc.heartbeat',
    ],
    // A truncated outbox would be lost history: there is nothing that a reader could do with the news.
    publish: 'insert, update, delete',
  },
  cdc: {
    tables: ['catalogue.customers', 'catalogue.products', 'cdc.heartbeat', 'cdc.signal'],
    publish: 'insert, update, delete, truncate',
  },
} as const satisfies Readonly<Record<string, Publication>>

/** A connector, its slot and its publication: all three have this name. */
export type Capture = keyof typeof publications

export const captures: readonly Capture[] = ['outbox', 'cdc']

/** Makes a publication, or makes one that is there say what is said above. For the admin alone. */
export async function ensurePublication(client: pg.ClientBase, name: Capture): Promise<void> {
  const { tables, publish } = publications[name]
  const { rowCount } = await client.query('select 1 from pg_publication where pubname = $1', [name])
  if (rowCount === 0) {
    await client.query(
      `create publication ${name} for table ${tables.join(', ')} with (publish = '${publish}')`,
    )
    return
  }
  await client.query(`alter publication ${name} set table ${tables.join(', ')}`)
  await client.query(`alter publication ${name} set (publish = '${publish}')`)
}

/** Makes a connector's slot when there is none. From here on nothing that is written is missed. */
export async function ensureSlot(client: pg.ClientBase, name: Capture): Promise<void> {
  const found = await client.query('select 1 from pg_replication_slots where slot_name = $1', [
    name,
  ])
  if (found.rowCount !== 0) return
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name])
}

/**
 * Takes a connector's slot away, and its reader off it. What was written since is told to nobody, unless a full
 * snapshot follows. Without a slot, nothing happens.
 */
export async function dropSlot(client: pg.ClientBase, name: Capture): Promise<void> {
  await client.query(
    'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active',
    [name],
  )
  await client.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
    [name],
  )
}

/** The tables of which a connector is to be told, as `schema.table`. */
export function capturedTables(name: Capture): readonly string[] {
  return publications[name].tables.map((table) => table.split(' ')[0] ?? table)
}
