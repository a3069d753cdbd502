import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine } from '@tenseams/iceberg/duckdb'
import type { Row } from '@tenseams/iceberg/format/row'
import type { StructType } from '@tenseams/iceberg/format/schema'
import { localDisk, storageOn } from '@tenseams/iceberg/storage'
import { writeParquet } from '@tenseams/iceberg/write/parquet'

/** Writes Parquet files as the lakehouse does, into a folder that exists until `close`. */
export type ParquetTrial = {
  /** @throws Error when the schema or a row cannot be written. */
  readonly write: (schema: StructType, rows: readonly Row[]) => Promise<void>
  readonly close: () => Promise<void>
}

/** The files are thrown away, so they need not survive a loss of power. */
const storage = storageOn({ ...localDisk, sync: async () => undefined })

export async function openParquetTrial(): Promise<ParquetTrial> {
  const folder = await mkdtemp(join(tmpdir(), 'contracts-parquet-'))
  const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
  let files = 0
  return {
    write: async (schema, rows) => {
      files += 1
      await writeParquet(
        { engine, storage },
        { uri: join(folder, `${files}.parquet`), schema, rows },
      )
    },
    close: async () => {
      engine.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
