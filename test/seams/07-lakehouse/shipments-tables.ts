import { hasCode } from '@tenseams/iceberg/errors'
import type { Row } from '@tenseams/iceberg/format/row'
import { queryTable } from '@tenseams/iceberg/read/query'
import { type AppendPorts, append, baseOf } from '@tenseams/iceberg/write/append'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import type { DerivedTable } from '@tenseams/lakehouse-service/silver/derived-table'
import { silverTables } from '@tenseams/lakehouse-service/silver/tables'

/** An event of fulfilment.shipment.v1, as far as these tests tell them apart. */
export type Shipped = { readonly order: string; readonly version: 1 | 2 }

const source = bronzeTableOf('fulfilment.shipment.v1')

/** A test's own `silver.shipments`: source and table in a namespace of its own. */
export function ownShipments(namespace: string): DerivedTable {
  const shipments = silverTables().find(({ table }) => table.name === 'shipments')
  if (shipments === undefined) throw new Error('silver has no shipments')
  const own = (name: string) => ({ namespace, name })
  return { ...shipments, table: own('shipments'), source: own('events') }
}

/** Adds events to the source in one commit, as bronze's sink does. */
export async function arrive(
  ports: AppendPorts,
  derived: DerivedTable,
  events: readonly Shipped[],
): Promise<void> {
  await ports.catalog.ensureNamespace(derived.source.namespace)
  await ports.catalog.ensureTable(derived.source, source.schema, { 'format-version': '2' })
  const base = baseOf(await ports.catalog.loadTable(derived.source))
  const start = base.offsets['events-0'] ?? 0n
  const rows = events.map((event, index) => rowOf(event, start + BigInt(index)))
  const spans = { 'events-0': { start, end: start + BigInt(rows.length) } }
  await append(ports, derived.source, base, { rows, spans })
}

function rowOf({ order, version }: Shipped, offset: bigint): Row {
  const at = BigInt(version) * 1_000_000n
  return {
    ...{ kafka_partition: 0, kafka_offset: offset, kafka_timestamp: at, schema_id: 1 },
    ...{ event_id: `${order}-${version}`, stream_id: order, version: BigInt(version) },
    ...{
      type: version === 1 ? 'ShipmentDispatched' : 'ShipmentRecalled',
      occurred_at: BigInt(version) * 1_000n,
    },
    ...(version === 1
      ? { dispatched: { shipment_id: `s-${order}`, payment_id: `p-${order}` } }
      : { recalled: { shipment_id: `s-${order}`, reason: 'late' } }),
  }
}

/** Each row as `order version status`, in order; none while there is no table. */
export async function shipmentsIn(
  ports: AppendPorts,
  { table }: DerivedTable,
): Promise<readonly string[]> {
  try {
    const rows = await queryTable(
      ports,
      table,
      `SELECT order_id || ' ' || version || ' ' || status AS text FROM rows ORDER BY 1`,
    )
    return rows.map(({ text }) => String(text))
  } catch (error) {
    if (hasCode(error, 'CATALOG_NOT_FOUND')) return []
    throw error
  }
}
