import { fullName } from '@tenseams/iceberg/format/metadata'
import { readSources } from '@tenseams/iceberg/offsets/sources'
import type { LakePorts } from '@tenseams/iceberg/read/query'
import { silverTables } from '@tenseams/lakehouse-service/silver/tables'

/** Whether each table of silver says that it is made of its source's newest snapshot. */
export async function isCaughtUp({ catalog }: LakePorts): Promise<boolean> {
  for (const { table, source } of silverTables()) {
    const [made, from] = await Promise.all([catalog.loadTable(table), catalog.loadTable(source)])
    const recorded = readSources(made.properties)[fullName(source)] ?? null
    if (recorded !== from.currentSnapshotId) return false
  }
  return true
}
