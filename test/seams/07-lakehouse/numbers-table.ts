import { randomUUID } from 'node:crypto'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { compact } from '@tenseams/iceberg/maintain/compaction'
import { queryTable } from '@tenseams/iceberg/read/query'
import type { ChangeOutcome } from '@tenseams/iceberg/table/commit'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import {
  type AppendOutcome,
  type AppendPorts,
  append,
  baseOf,
} from '@tenseams/iceberg/write/append'
import { overwrite } from '@tenseams/iceberg/write/overwrite'

/**
 * The operations of the library on a table of one column, which show what a crash or another writer did: `append` adds the
 * next number, `overwrite` adds ten to each, `replace` compacts the files and changes none.
 */
export const operations = { append: appendNumber, overwrite: overwriteAll, replace: compactAll }

export type Operation = keyof typeof operations

/** The numbers in the table of `newTable` after one operation; it began with 1 and 2. */
export const afterOne: Readonly<Record<Operation, readonly bigint[]>> = {
  append: [1n, 2n, 3n],
  overwrite: [11n, 12n],
  replace: [1n, 2n],
}

/** A table with 1 and 2 in a file each, or an empty one. */
export async function newTable(
  ports: AppendPorts,
  namespace: string,
  { empty = false } = {},
): Promise<TableIdentifier> {
  const table = { namespace, name: `t_${randomUUID().slice(0, 8)}` }
  const column = { id: 1, name: 'number', required: false, type: 'long' }
  await ports.catalog.ensureTable(table, { type: 'struct', fields: [column] }, {})
  for (let row = 0; row < (empty ? 0 : 2); row++) await appendNumber(ports, table)
  return table
}

export async function appendNumber(
  ports: AppendPorts,
  table: TableIdentifier,
  on?: TableMetadata,
): Promise<AppendOutcome> {
  const base = baseOf(on ?? (await ports.catalog.loadTable(table)))
  const start = base.offsets['numbers-0'] ?? 0n
  const spans = { 'numbers-0': { start, end: start + 1n } }
  return append(ports, table, base, { rows: [{ number: start + 1n }], spans })
}

export async function overwriteAll(
  ports: AppendPorts,
  table: TableIdentifier,
  on?: TableMetadata,
): Promise<AppendOutcome> {
  const base = baseOf(on ?? (await ports.catalog.loadTable(table)))
  const remove = (await liveFiles(ports.storage, base.metadata)).map(({ file }) => file)
  const rows = (await numbersIn(ports, table)).map((number) => ({ number: number + 10n }))
  return overwrite(ports, table, base, { remove, rows, summary: { 'made-by': 'test' } })
}

export async function compactAll(
  ports: AppendPorts,
  table: TableIdentifier,
  on?: TableMetadata,
): Promise<readonly ChangeOutcome[]> {
  const metadata = on ?? (await ports.catalog.loadTable(table))
  const bounds = { targetBytes: 1_000_000n, leastFiles: 2, mostBytes: 1_000_000n }
  return compact(ports, table, metadata, bounds)
}

export async function numbersIn(
  ports: AppendPorts,
  table: TableIdentifier,
): Promise<readonly bigint[]> {
  const rows = await queryTable(ports, table, 'SELECT number FROM rows ORDER BY 1')
  return rows.map(({ number }) => number as bigint)
}
