import type { Row } from '@tenseams/iceberg/format/row'
import { partitionKey } from '@tenseams/iceberg/offsets/offsets'
import { queryTable } from '@tenseams/iceberg/read/query'
import { type AppendPorts, append, baseOf } from '@tenseams/iceberg/write/append'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { type Corrections, revenueCorrections } from '@tenseams/lakehouse-service/gold/corrections'
import { schemaOf } from '@tenseams/lakehouse-service/silver/derived-table'

/** A captured payment at an offset of partition 0. */
export type Captured = { readonly id: string; readonly offset: bigint; readonly minute: number }

const MINUTE_US = 60_000_000n
const AMOUNT = 100n
const payments = bronzeTableOf(revenueCorrections.topic)

const lateSchema = schemaOf([
  { name: 'event_id', type: 'string', required: true },
  { name: 'occurred_at', type: 'timestamptz', required: true },
  { name: 'currency', type: 'string', required: true },
  { name: 'amount_minor', type: 'long', required: true },
  { name: 'kafka_partition', type: 'int', required: true },
  { name: 'kafka_offset', type: 'long', required: true },
  { name: 'window_start', type: 'timestamptz', required: true },
  { name: 'window_end', type: 'timestamptz', required: true },
])

/** Tables of late money for one test, in a namespace of its own. */
export function ownCorrections(namespace: string): Corrections {
  const own = (name: string) => ({ namespace, name })
  return { ...revenueCorrections, table: own('corrections'), late: own('late'), bronze: own('log') }
}

/** Adds records to bronze, which then ends at the last one's offset. */
export async function log(
  ports: AppendPorts,
  { bronze, topic }: Corrections,
  records: readonly Captured[],
): Promise<void> {
  await ports.catalog.ensureNamespace(bronze.namespace)
  await ports.catalog.ensureTable(bronze, payments.schema, { 'format-version': '2' })
  const base = baseOf(await ports.catalog.loadTable(bronze))
  const place = partitionKey(topic, 0)
  const rows = records.map(({ id, offset, minute }) => ({
    ...{ kafka_partition: 0, kafka_offset: offset, kafka_timestamp: 0n, schema_id: 1 },
    ...{ event_id: id, stream_id: id, version: 1n, type: 'PaymentCaptured' },
    occurred_at: BigInt(minute) * MINUTE_US,
    captured: { payment_id: id, method: 'card', amount_minor: AMOUNT, currency: 'EUR' },
  }))
  const end = (records.at(-1)?.offset ?? -1n) + 1n
  const spans = { [place]: { start: base.offsets[place] ?? 0n, end } }
  await append(ports, bronze, base, { rows, spans })
}

/** Adds rows to the late output as Flink does: in a commit without offsets. */
export async function aside(
  ports: AppendPorts,
  { late }: Corrections,
  records: readonly Captured[],
): Promise<void> {
  await ports.catalog.ensureNamespace(late.namespace)
  await ports.catalog.ensureTable(late, lateSchema, { 'format-version': '2' })
  const rows = records.map(
    ({ id, offset, minute }): Row => ({
      ...{ event_id: id, currency: 'EUR', amount_minor: AMOUNT, kafka_partition: 0 },
      ...{ kafka_offset: offset, occurred_at: BigInt(minute) * MINUTE_US },
      window_start: BigInt(minute) * MINUTE_US,
      window_end: BigInt(minute + 1) * MINUTE_US,
    }),
  )
  await append(ports, late, baseOf(await ports.catalog.loadTable(late)), { rows, spans: {} })
}

/** Each correction as `minute payments minor`, in order. */
export async function correctionsIn(
  ports: AppendPorts,
  { table }: Corrections,
): Promise<readonly string[]> {
  const rows = await queryTable(
    ports,
    table,
    `SELECT epoch_ms(window_start) // 60000 || ' ' || delta_payments || ' ' || delta_minor AS text FROM rows
      WHERE kind = 'correction' AND window_end = window_start + INTERVAL 1 MINUTE ORDER BY 1`,
  )
  return rows.map(({ text }) => String(text))
}
