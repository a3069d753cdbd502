import { hasCode } from '@tenseams/iceberg/errors'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import type { StructType } from '@tenseams/iceberg/format/schema'
import { partitionKey } from '@tenseams/iceberg/offsets/offsets'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import type { Partitioning } from '@tenseams/iceberg/table/new-spec'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import type { BronzeTable } from './bronze-table.ts'

/** One read of a table, and the next offset of each partition according to it. */
export type Opening = {
  readonly base: AppendBase
  readonly nextOffsets: ReadonlyMap<number, bigint>
}

const TABLE_PROPERTIES = {
  'format-version': '2',
  'write.parquet.compression-codec': 'zstd',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '5',
}

/**
 * Loads the table, creates it when it is missing, and adds the columns of its contract. A partition that the table has
 * never seen begins at the first offset that the broker still has.
 *
 * @throws LakehouseError, or an error of the broker: call it again. It is idempotent.
 */
export async function openTable(
  { catalog }: AppendPorts,
  bronze: BronzeTable,
  firstOffsets: (topic: string) => Promise<ReadonlyMap<number, bigint>>,
): Promise<Opening> {
  const found = await loadOrCreate(catalog, bronze.table, bronze.schema)
  const base = baseOf(await ensureSchema(catalog, bronze.table, found, bronze.schema))
  const nextOffsets = new Map(await firstOffsets(bronze.topic))
  for (const partition of nextOffsets.keys()) {
    const offset = base.offsets[partitionKey(bronze.topic, partition)]
    if (offset !== undefined) nextOffsets.set(partition, offset)
  }
  return { base, nextOffsets }
}

/** @returns `undefined` when the catalogue has no such table. */
export async function loadIfThere(
  catalog: AppendPorts['catalog'],
  table: TableIdentifier,
): Promise<TableMetadata | undefined> {
  try {
    return await catalog.loadTable(table)
  } catch (error) {
    if (hasCode(error, 'CATALOG_NOT_FOUND')) return undefined
    throw error
  }
}

/** Loads a table; creates it, and its namespace, when it is missing. */
export async function loadOrCreate(
  catalog: AppendPorts['catalog'],
  table: TableIdentifier,
  schema: StructType,
  partitioning: readonly Partitioning[] = [],
): Promise<TableMetadata> {
  const found = await loadIfThere(catalog, table)
  if (found !== undefined) return found
  await catalog.ensureNamespace(table.namespace)
  return catalog.ensureTable(table, schema, TABLE_PROPERTIES, partitioning)
}
