import { randomUUID } from 'node:crypto'
import type { Engine } from '../duckdb.ts'
import { writeJson } from '../format/json.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableMetadata } from '../format/metadata.ts'
import {
  type Partition,
  type PartitionColumn,
  partitionColumns,
  partitionOf,
  partitionPath,
} from '../format/partition-spec.ts'
import type { Row } from '../format/row.ts'
import type { Storage } from '../storage.ts'
import { writeParquet, writeParquetFrom } from './parquet.ts'

/**
 * Writes rows as data files of a table, one for each partition that occurs, durable when it returns; none for no rows.
 * Nothing refers to them yet: a crash leaves orphans.
 */
export async function writeDataFiles(
  ports: { readonly engine: Engine; readonly storage: Storage },
  metadata: TableMetadata,
  rows: readonly Row[],
): Promise<readonly DataFile[]> {
  const columns = partitionColumns(metadata, metadata.defaultSpecId)
  const files: DataFile[] = []
  for (const { partition, members } of byPartition(columns, rows)) {
    const folder = `${metadata.location}/data/${partitionPath(columns, partition)}`
    const uri = `${folder}${randomUUID()}.parquet`
    const file = await writeParquet(ports, { uri, schema: metadata.schema, rows: members })
    files.push({ ...file, partition })
  }
  return files
}

/**
 * Writes the rows of a SELECT as one data file of a partition, otherwise as `writeDataFiles`. Its rows must belong to that
 * partition, and its columns must be those of the table's schema, in order.
 */
export async function writeDataFileFrom(
  ports: { readonly engine: Engine; readonly storage: Storage },
  metadata: TableMetadata,
  partition: Partition,
  sql: string,
): Promise<DataFile> {
  const columns = partitionColumns(metadata, metadata.defaultSpecId)
  const folder = `${metadata.location}/data/${partitionPath(columns, partition)}`
  const uri = `${folder}${randomUUID()}.parquet`
  const file = await writeParquetFrom(ports, { uri, schema: metadata.schema, sql })
  return { ...file, partition }
}

function byPartition(
  columns: readonly PartitionColumn[],
  rows: readonly Row[],
): readonly { readonly partition: Partition; readonly members: readonly Row[] }[] {
  if (rows.length === 0) return []
  if (columns.length === 0) return [{ partition: {}, members: rows }]
  const groups = new Map<string, { readonly partition: Partition; readonly members: Row[] }>()
  for (const row of rows) {
    const partition = partitionOf(columns, row)
    const key = writeJson(partition)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { partition, members: [row] })
    else known.members.push(row)
  }
  return [...groups.values()]
}
