import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { fullName } from '@tenseams/iceberg/format/metadata'
import { scanSql } from '@tenseams/iceberg/read/scan-sql'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import { type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import { writeDataFileFrom } from '@tenseams/iceberg/write/data-files'
import { overwrite } from '@tenseams/iceberg/write/overwrite'
import { loadIfThere, loadOrCreate } from '../bronze/table-opening.ts'
import { type DerivedColumn, type DerivedTable, schemaOf, typedAs } from './derived-table.ts'
import { planRefresh } from './refresh-plan.ts'

/** `silver.quarantine`: the rows of bronze that a gate rejected, each with its reason, for whoever repairs them. */
export const quarantineOf = ({ table: { namespace } }: DerivedTable): TableIdentifier => ({
  ...{ namespace, name: 'quarantine' },
})

const columns: readonly DerivedColumn[] = [
  { name: 'source', type: 'string', required: true, doc: 'The table that has the row.' },
  { name: 'kafka_partition', type: 'int', required: true },
  { name: 'kafka_offset', type: 'long', required: true },
  { name: 'reason', type: 'string', required: true, doc: 'The gate.' },
  { name: 'log_epoch', type: 'int', doc: 'Of the topic’s log; null in the first.' },
  { name: 'change', type: 'string', required: true, doc: 'JSON of the rejected change.' },
]

export type Quarantined = {
  /** How many rows were rejected, by gate. */
  readonly rejected: Readonly<Record<string, number>>
  /** All that the source had when it was read has been looked at. */
  readonly isDone: boolean
}

/**
 * Adds what a silver table's gates have rejected since the snapshot of its source that the quarantine has recorded, rows
 * and recorded snapshot in one commit. It is made from bronze with the same gates as silver, so each row is in exactly one of
 * the two, and no commit has to contain both.
 */
export async function quarantine(
  ports: AppendPorts,
  derived: DerivedTable,
  mostRows: bigint,
): Promise<Quarantined> {
  const source = await loadIfThere(ports.catalog, derived.source)
  if (source?.currentSnapshotId == null) return { rejected: {}, isDone: true }
  const table = quarantineOf(derived)
  const base = baseOf(await open(ports, table))
  const plan = await planRefresh(ports.storage, base.metadata, derived.source, source, mostRows)
  if (plan === undefined) return { rejected: {}, isDone: true }
  const name = fullName(derived.source)
  const relation = `(${await scanSql(ports, plan, plan.schema)})`
  const rejected = `SELECT '${name}' AS source, kafka_partition, kafka_offset, log_epoch, reason, to_json(taken) AS change
    FROM (${derived.changes(relation)}) AS taken WHERE reason IS NOT NULL`
  const counts = await countsOf(ports, rejected)
  const begunMs = Date.now()
  const isEmpty = Object.keys(counts).length === 0
  const sql = typedAs(base.metadata.schema, rejected)
  const files = isEmpty
    ? []
    : [await writeDataFileFrom(ports, base.metadata, { source: name }, sql)]
  const live = plan.isAnew ? await liveFiles(ports.storage, base.metadata) : []
  const remove = live.map(({ file }) => file).filter(({ partition }) => partition.source === name)
  const sources = { [name]: plan.upTo }
  const outcome = await overwrite(ports, table, base, {
    ...{ remove, rows: [], files, begunMs, sources },
  })
  if (outcome.kind === 'overtaken') return { rejected: {}, isDone: false }
  return { rejected: counts, isDone: plan.upTo === source.currentSnapshotId }
}

async function open({ catalog }: AppendPorts, table: TableIdentifier) {
  const schema = schemaOf(columns)
  const partitioning = [{ column: 'source', transform: 'identity' }]
  const found = await loadOrCreate(catalog, table, schema, partitioning)
  return ensureSchema(catalog, table, found, schema)
}

async function countsOf(
  { engine }: AppendPorts,
  rejected: string,
): Promise<Quarantined['rejected']> {
  return engine.using(async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT reason, count(*)::INTEGER FROM (${rejected}) GROUP BY 1`,
    )
    return Object.fromEntries(reader.getRowsJS() as [string, number][])
  })
}
