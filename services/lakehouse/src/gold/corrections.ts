import { writeJson } from '@tenseams/iceberg/format/json'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { fullName } from '@tenseams/iceberg/format/metadata'
import { partitionKey } from '@tenseams/iceberg/offsets/offsets'
import type { Filter } from '@tenseams/iceberg/read/prune'
import { planScan } from '@tenseams/iceberg/read/scan'
import { scanSql } from '@tenseams/iceberg/read/scan-sql'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import { writeDataFileFrom } from '@tenseams/iceberg/write/data-files'
import { overwrite } from '@tenseams/iceberg/write/overwrite'
import { bronzeNameOf, logPosition } from '../bronze/bronze-table.ts'
import { loadIfThere, loadOrCreate } from '../bronze/table-opening.ts'
import { type DerivedColumn, schemaOf, typedAs } from '../silver/derived-table.ts'
import { planRefresh } from '../silver/refresh-plan.ts'

/** The tables that late payments come from and go to. */
export type Corrections = {
  readonly table: TableIdentifier
  /** The late output of the Flink job: each record with its partition and offset, and the window that it missed. */
  readonly late: TableIdentifier
  /** Every record of the topic. */
  readonly bronze: TableIdentifier
  readonly topic: string
}

const topic = 'payments.payment.v1'

export const revenueCorrections: Corrections = {
  table: { namespace: 'gold', name: 'revenue_corrections' },
  late: { namespace: 'gold', name: 'revenue_per_minute_late' },
  bronze: bronzeNameOf(topic),
  topic,
}

/** The same columns as the table of windows, so that a figure is the sum over both tables. */
const columns: readonly DerivedColumn[] = [
  { name: 'window_start', type: 'timestamptz', required: true },
  { name: 'window_end', type: 'timestamptz', required: true },
  { name: 'currency', type: 'string', required: true },
  { name: 'kind', type: 'string', required: true, doc: 'correction' },
  { name: 'delta_payments', type: 'long', required: true },
  { name: 'delta_minor', type: 'long', required: true },
]

/** In the summary of a correction's snapshot: the offsets up to which bronze was read. */
export const askedUpToSummary = 'ten-seams.asked-up-to'

/** The result of one round. */
export type Correction =
  /** No new late rows. */
  | { readonly kind: 'idle' }
  /** Bronze has not reached the offsets of the late rows. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'corrected'; readonly rows: number }
  | { readonly kind: 'overtaken' }

/**
 * Turns the late rows since the snapshot that the corrections table has recorded into rows of window and delta. Rows and
 * recorded snapshot are one commit, so late money is counted once, whatever is killed.
 *
 * A late row counts only if it is the first occurrence of its event in the log: a repeat comes later in the same partition,
 * and the first occurrence was in a window or was late itself. So bronze must have reached the offsets of the late rows;
 * until then the result is `waiting`.
 *
 * @throws LakehouseError: nothing is changed, or all of it; the next round finds out which.
 */
export async function correct(
  ports: AppendPorts,
  { table, late, bronze, topic }: Corrections,
  mostRows: bigint,
): Promise<Correction> {
  const base = baseOf(await openCorrections(ports, table))
  const [lateTable, log] = await Promise.all(
    [late, bronze].map((one) => loadIfThere(ports.catalog, one)),
  )
  if (lateTable?.currentSnapshotId == null) return { kind: 'idle' }
  const plan = await planRefresh(ports.storage, base.metadata, late, lateTable, mostRows)
  if (plan === undefined) return { kind: 'idle' }
  if (log === undefined) return { kind: 'waiting' }
  const rows = await scanSql(ports, plan, plan.schema)
  const extent = await extentOf(ports, rows)
  const ofLog = baseOf(log)
  if (!hasReached(ofLog, topic, extent.ends)) return { kind: 'waiting' }
  const begunMs = Date.now()
  const sql = typedAs(base.metadata.schema, deltaSql(rows, await logOf(ports, log, extent.times)))
  const file = await writeDataFileFrom(ports, base.metadata, {}, sql)
  await ports.onStep?.('parquet-written')
  const live = plan.isAnew ? await liveFiles(ports.storage, base.metadata) : []
  const { kind } = await overwrite(ports, table, base, {
    remove: live.map((one) => one.file),
    rows: [],
    files: file.record_count > 0n ? [file] : [],
    begunMs,
    sources: { [fullName(late)]: plan.upTo },
    summary: { [askedUpToSummary]: writeJson(ofLog.offsets) },
  })
  return kind === 'overtaken' ? { kind } : { kind: 'corrected', rows: Number(file.record_count) }
}

/** Loads the table of corrections; creates it when it is missing. */
export async function openCorrections(
  { catalog }: AppendPorts,
  table: TableIdentifier,
): Promise<TableMetadata> {
  const schema = schemaOf(columns)
  return ensureSchema(catalog, table, await loadOrCreate(catalog, table, schema), schema)
}

type Extent = {
  /** The highest offset of the late rows in each partition. */
  readonly ends: readonly (readonly [partition: number, offset: bigint])[]
  /** Event times, in microseconds since 1970. */
  readonly times: { readonly least: bigint; readonly most: bigint }
}

async function extentOf({ engine }: AppendPorts, rows: string): Promise<Extent> {
  const found = await engine.using((connection) =>
    connection.runAndReadAll(
      `SELECT kafka_partition, max(kafka_offset), epoch_us(min(min(occurred_at)) OVER ()), epoch_us(max(max(occurred_at)) OVER ())
         FROM (${rows}) GROUP BY 1`,
    ),
  )
  const spans = found.getRowsJS() as unknown as readonly [number, bigint, bigint, bigint][]
  const [, , least = 0n, most = 0n] = spans[0] ?? []
  return { ends: spans.map(([partition, offset]) => [partition, offset]), times: { least, most } }
}

function hasReached({ offsets, topics }: AppendBase, topic: string, ends: Extent['ends']): boolean {
  const epoch = topics[topic]?.epoch ?? 0
  return ends.every(
    ([partition, offset]) => (offsets[partitionKey(topic, partition, epoch)] ?? 0n) > offset,
  )
}

/** A repeat has the time of its event, so only files of bronze with these times can hold one. */
async function logOf(ports: AppendPorts, log: TableMetadata, { least, most }: Extent['times']) {
  const filter: Filter = [
    { column: 'occurred_at', op: '>=', value: least },
    { column: 'occurred_at', op: '<=', value: most },
  ]
  const plan = await planScan(ports.storage, log, { filter })
  return scanSql(ports, plan, plan.schema)
}

/** With so much at most, nine million payments of a window have a sum that fits. */
const LARGE = 1_000_000_000_000

const deltaSql = (late: string, log: string): string => `
  WITH late AS (${late}), firsts AS (
    SELECT event_id, arg_min(kafka_offset, ${logPosition}) AS kafka_offset FROM (${log})
     WHERE event_id IN (SELECT event_id FROM late) GROUP BY event_id
  )
  SELECT window_start, window_end, currency, 'correction' AS kind, count(*) AS delta_payments, sum(amount_minor) AS delta_minor
    FROM late JOIN firsts USING (event_id, kafka_offset)
   -- A figure is a sum over rows, so a large amount may have a row of its own: then no sum here needs more than 64 bits.
   GROUP BY window_start, window_end, currency, CASE WHEN abs(amount_minor::HUGEINT) > ${LARGE} THEN event_id END ORDER BY ALL`
