import { hasCode } from '@tenseams/iceberg/errors'
import type { DataFile } from '@tenseams/iceberg/format/manifest'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { fullName } from '@tenseams/iceberg/format/metadata'
import type { StructType } from '@tenseams/iceberg/format/schema'
import { assertExplained } from '@tenseams/iceberg/offsets/explained'
import { readSources } from '@tenseams/iceberg/offsets/sources'
import { planIncremental } from '@tenseams/iceberg/read/incremental'
import { planScan } from '@tenseams/iceberg/read/scan'
import type { Storage } from '@tenseams/iceberg/storage'
import { history } from '@tenseams/iceberg/table/history'

/** The source's files to read, and up to which snapshot that is. */
export type RefreshPlan = {
  readonly files: readonly DataFile[]
  readonly schema: StructType
  readonly upTo: bigint
  /** The table is rebuilt: no row that it holds is kept. */
  readonly isAnew: boolean
}

/**
 * The files added to the source since the snapshot that the table has recorded; `undefined` when there are none. When some
 * snapshot since then has expired, or removed rows, the plan is the whole source.
 *
 * @throws LakehouseError ROWS_UNEXPLAINED when the source has rows that its offsets do not account for.
 */
export async function planRefresh(
  storage: Storage,
  { properties }: TableMetadata,
  sourceTable: TableIdentifier,
  source: TableMetadata,
  mostRows: bigint,
): Promise<RefreshPlan | undefined> {
  const after = readSources(properties)[fullName(sourceTable)] ?? null
  if (after === source.currentSnapshotId) return undefined
  assertExplained(sourceTable, source)
  const { schema } = source
  try {
    const upTo = boundedEnd(source, after, mostRows)
    const plan = await planIncremental(storage, source, { after, ...(upTo && { upTo }) })
    if (plan.upTo === null) return undefined
    if (plan.changes.every(({ kind }) => kind === 'append')) {
      const files = plan.changes.flatMap(({ added }) => added)
      return { files, schema, upTo: plan.upTo, isAnew: false }
    }
  } catch (error) {
    if (!hasCode(error, 'SNAPSHOT_UNKNOWN')) throw error
  }
  const { files, snapshot } = await planScan(storage, source)
  return snapshot && { files, schema, upTo: snapshot.snapshotId, isAnew: true }
}

/** The newest snapshot up to which at most `mostRows` were added; at least one snapshot further. */
function boundedEnd(
  source: TableMetadata,
  after: bigint | null,
  mostRows: bigint,
): bigint | undefined {
  const snapshots = history(source)
  const first = snapshots.findIndex(({ snapshotId }) => snapshotId === after) + 1
  let rows = 0n
  let end: bigint | undefined
  for (const { snapshotId, summary } of snapshots.slice(first)) {
    rows += summary.operation === 'replace' ? 0n : BigInt(summary['added-records'] ?? 0)
    if (end !== undefined && rows > mostRows) break
    end = snapshotId
  }
  return end
}
