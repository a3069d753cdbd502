import type { TableMetadata } from '@tenseams/iceberg/format/metadata'
import { readSources } from '@tenseams/iceberg/offsets/sources'
import { planScan } from '@tenseams/iceberg/read/scan'
import { scanSql } from '@tenseams/iceberg/read/scan-sql'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { baseOf } from '@tenseams/iceberg/write/append'
import { writeDataFileFrom } from '@tenseams/iceberg/write/data-files'
import { overwrite } from '@tenseams/iceberg/write/overwrite'
import { loadIfThere, loadOrCreate } from '../bronze/table-opening.ts'
import { type DerivedColumn, schemaOf, typedAs } from '../silver/derived-table.ts'

/** The tables of silver that gold is made from. Each is a relation of this name in a gold table's SQL. */
export const silverNames = ['orders', 'payments', 'shipments', 'customers', 'products'] as const

/** A small table of figures that is rebuilt from all of silver. The same snapshots of silver always give the same rows. */
export type GoldTable = {
  readonly name: string
  readonly columns: readonly DerivedColumn[]
  /** Over the relations of silver, and `rejected`: the rows that the gates reject. It needs an order, or each rebuild writes another file. */
  readonly sql: string
}

/** SQL that is true for a row whose numbers fit into the table's columns; a sum may need more than 64 bits. */
export function fits({ columns }: Pick<GoldTable, 'columns'>): string {
  const numbers = columns.filter(({ type }) => type === 'long')
  const each = numbers.map(
    ({ name }) => `(${name} IS NULL OR TRY_CAST(${name} AS BIGINT) IS NOT NULL)`,
  )
  return ['true', ...each].join(' AND ')
}

/** Silver at one moment: the newest metadata of each table when it was loaded. */
export type SilverState = ReadonlyMap<string, TableMetadata>

/** @returns `undefined` while a table of silver is missing. */
export async function silverNow({ catalog }: AppendPorts): Promise<SilverState | undefined> {
  const state = new Map<string, TableMetadata>()
  for (const name of silverNames) {
    const metadata = await loadIfThere(catalog, { namespace: 'silver', name })
    if (metadata === undefined) return undefined
    state.set(name, metadata)
  }
  return state
}

/** A query over silver at that moment. `rejected` is the SQL of the gates. */
export async function overSilver(
  ports: AppendPorts,
  state: SilverState,
  rejected: string,
  sql: string,
): Promise<string> {
  const relations: string[] = []
  for (const [name, metadata] of state) {
    const plan = await planScan(ports.storage, metadata)
    relations.push(`${name} AS (${await scanSql(ports, plan, plan.schema)})`)
  }
  return `WITH ${relations.join(', ')}, rejected AS (${rejected}) ${sql}`
}

/**
 * Rebuilds a gold table, without the rows whose sums do not fit (these are in `gold.quarantine`), when silver has newer snapshots than those it has recorded. Rows and recorded snapshots are one
 * commit. A crash before it leaves a file that nothing refers to.
 *
 * @returns `overtaken` when another writer was first.
 */
export async function refreshGold(
  ports: AppendPorts,
  gold: GoldTable,
  state: SilverState,
  rejected: string,
): Promise<'unchanged' | 'rebuilt' | 'overtaken'> {
  const table = { namespace: 'gold', name: gold.name }
  const schema = schemaOf(gold.columns)
  const found = await loadOrCreate(ports.catalog, table, schema)
  const base = baseOf(await ensureSchema(ports.catalog, table, found, schema))
  const sources = Object.fromEntries(
    // A table without rows has no snapshot to record.
    [...state].flatMap(([name, { currentSnapshotId: id }]) =>
      id === null ? [] : [[`silver.${name}`, id]],
    ),
  )
  const recorded = readSources(base.metadata.properties)
  if (Object.entries(sources).every(([name, id]) => recorded[name] === id)) return 'unchanged'
  const made = await overSilver(ports, state, rejected, gold.sql)
  const sql = `FROM (${made}) WHERE ${fits(gold)}`
  const begunMs = Date.now()
  await ports.onStep?.('before-parquet')
  const file = await writeDataFileFrom(ports, base.metadata, {}, typedAs(base.metadata.schema, sql))
  await ports.onStep?.('parquet-written')
  const remove = (await liveFiles(ports.storage, base.metadata)).map((live) => live.file)
  const files = file.record_count > 0n ? [file] : []
  const outcome = await overwrite(ports, table, base, { remove, rows: [], files, begunMs, sources })
  return outcome.kind === 'committed' ? 'rebuilt' : 'overtaken'
}
