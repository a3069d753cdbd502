import type pg from 'pg'

/** The event stores in the database `shop`: the schema, and the role that appends to it. */
export const eventStores = [
  { schema: 'orders', role: 'orders_service' },
  { schema: 'payments', role: 'payments_service' },
  { schema: 'control', role: 'pulse_service' },
] as const

/** The columns that Debezium needs. `data` is for people, and not part of the WAL stream. */
const EVENT_COLUMNS =
  '(position, event_id, stream_id, version, type, topic, partition, payload, traceparent, tracestate)'

/** A connector's own heartbeat, and not the other one's, which would be a transaction of Kafka more. */
const heartbeatOf = (name: string) => `cdc.heartbeat where (connector = '${name}')`

type Publication = { readonly tables: readonly string[]; readonly publish: string }

/** The publication of each connector, which has the name of the connector and of its slot. */
const publications = {
  outbox: {
    tables: [
      ...eventStores.map(({ schema }) => `${schema}.events ${EVENT_COLUMNS}`),
      heartbeatOf('outbox'),
    ],
    // Events are only inserted; an update ends the connector with an error, as nobody may change the past. Old ticks are
    // deleted and nobody is told; a truncated outbox would be lost history, about which no consumer could do anything.
    publish: 'insert, update',
  },
  cdc: {
    tables: ['catalogue.customers', 'catalogue.products', heartbeatOf('cdc'), 'cdc.signal'],
    publish: 'insert, update, delete, truncate',
  },
} as const satisfies Readonly<Record<string, Publication>>

/** A connector, its slot and its publication: all three have this name. */
export type Capture = keyof typeof publications

export const captures: readonly Capture[] = ['outbox', 'cdc']

/** Creates a publication, or sets the tables and operations of an existing one. Only the admin may do this. */
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

/** Creates a connector's slot when there is none. No change written after this is missed. */
export async function ensureSlot(client: pg.ClientBase, name: Capture): Promise<void> {
  const found = await client.query('select 1 from pg_replication_slots where slot_name = $1', [
    name,
  ])
  if (found.rowCount !== 0) return
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name])
}

/**
 * Terminates the reader of a connector's slot and drops the slot. Changes that it had not read are lost unless a full
 * snapshot follows. Does nothing without a slot.
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

/** The tables that a connector captures, as `schema.table`. */
export function capturedTables(name: Capture): readonly string[] {
  return publications[name].tables.map((table) => table.split(' ')[0] ?? table)
}
