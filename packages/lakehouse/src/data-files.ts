import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Engine, Row } from './duckdb.ts'
import type { DataFile } from './manifest.ts'
import type { TableMetadata } from './metadata.ts'
import { writeParquet } from './parquet.ts'
import type { Storage } from './storage.ts'

/**
 * Writes rows as data files of a table, durable when it returns; none for no rows. Nothing refers to them yet: a crash
 * leaves orphans.
 */
export async function writeDataFiles(
  ports: { readonly engine: Engine; readonly storage: Storage },
  metadata: TableMetadata,
  rows: readonly Row[],
): Promise<readonly DataFile[]> {
  assert(!metadata.partitioned, 'partitioned tables are not written yet')
  if (rows.length === 0) return []
  const uri = `${metadata.location}/data/${randomUUID()}.parquet`
  return [await writeParquet(ports, { uri, schema: metadata.schema, rows })]
}
