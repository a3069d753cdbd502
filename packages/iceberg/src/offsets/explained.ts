import { LakehouseError } from '../errors.ts'
import {
  currentSnapshot,
  fullName,
  type Snapshot,
  type TableIdentifier,
  type TableMetadata,
} from '../format/metadata.ts'
import { history } from '../table/history.ts'
import { countedRows, offsetLogHashSummary } from './offset-log.ts'
import { offsetsProperty, readOffsets } from './offsets.ts'

/** In a snapshot's summary: the foreign snapshots whose rows it removed, separated by commas. */
export const removedForeignSummary = 'ten-seams.removed-foreign'

/**
 * Snapshots that changed rows, and whose commit moved no offsets for them: another writer made them. None in a table whose
 * rows are not from a topic: several programs may write to it.
 */
export function foreignSnapshots(metadata: TableMetadata): readonly Snapshot[] {
  if (!hasOffsets(metadata)) return []
  const snapshots = history(metadata)
  const removed = new Set(snapshots.flatMap(({ summary }) => namesIn(summary)))
  return snapshots.filter(
    (snapshot) => !isExplained(snapshot) && !removed.has(String(snapshot.snapshotId)),
  )
}

/**
 * What of a table's rows its offsets do not account for; empty for a table without offsets. A row that another program
 * appended is not in the log of the topic, so nobody may count it, and no table may be made from it.
 */
export function unexplained(metadata: TableMetadata): readonly string[] {
  if (!hasOffsets(metadata)) return []
  const foreign = foreignSnapshots(metadata).map(({ snapshotId, summary }) => {
    const [added, removed] = [summary['added-records'] ?? 0, summary['deleted-records'] ?? 0]
    const by = summary['engine-name'] === undefined ? '' : ` by ${summary['engine-name']}`
    return `snapshot ${snapshotId} (${summary.operation}${by}) added ${added} rows and removed ${removed} without offsets`
  })
  const counted = countedRows(metadata)
  const total = currentSnapshot(metadata)?.summary['total-records']
  if (foreign.length > 0 || counted === undefined || total === undefined || counted === total) {
    return foreign
  }
  return [`the table has ${total} rows, its log of offsets accounts for ${counted}`]
}

/**
 * @throws LakehouseError ROWS_UNEXPLAINED when the table has rows that its offsets do not account for.
 */
export function assertExplained(table: TableIdentifier, metadata: TableMetadata): void {
  const [first] = unexplained(metadata)
  if (first === undefined) return
  const next = `npm run lake -- remove-foreign ${fullName(table)}`
  throw new LakehouseError('ROWS_UNEXPLAINED', `${fullName(table)}: ${first}. Next: ${next}`)
}

function hasOffsets({ properties }: TableMetadata): boolean {
  return Object.keys(readOffsets(properties[offsetsProperty])).length > 0
}

/** A replacement has as many rows as it removed; anything else must name its line of the log of offsets. */
function isExplained({ summary }: Snapshot): boolean {
  const [added, removed] = [summary['added-records'] ?? '0', summary['deleted-records'] ?? '0']
  if (summary.operation === 'replace') return added === removed
  return summary[offsetLogHashSummary] !== undefined || (added === '0' && removed === '0')
}

function namesIn(summary: Snapshot['summary']): readonly string[] {
  return summary[removedForeignSummary]?.split(',') ?? []
}
