import { LakehouseError } from '../errors.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import { type ChangeOutcome, commitChange } from '../table/commit.ts'
import { areLive } from '../table/snapshot.ts'
import type { AppendPorts } from './append.ts'

export type Replacement = {
  readonly remove: readonly DataFile[]
  readonly add: readonly DataFile[]
  /** When the first of the new files was begun. */
  readonly begunMs: number
}

/**
 * Replaces files by others with exactly the same rows (operation `replace`): a compaction. No row and no offset changes, so
 * incremental readers ignore the snapshot. After a conflict it is rebased as long as every file to remove is still there;
 * otherwise another compaction was first, and it is `overtaken`. The new files must be durable before the call; they are
 * deleted when the replacement is refused for certain.
 */
export function replaceFiles(
  ports: AppendPorts,
  table: TableIdentifier,
  metadata: TableMetadata,
  { remove, add, begunMs }: Replacement,
): Promise<ChangeOutcome> {
  const rowsOf = (files: readonly DataFile[]): bigint =>
    files.reduce((sum, file) => sum + file.record_count, 0n)
  if (rowsOf(remove) !== rowsOf(add)) {
    const message = `${rowsOf(remove)} rows would be replaced by ${rowsOf(add)}`
    throw new LakehouseError('ROWS_NOT_EQUAL', message)
  }
  return commitChange(ports, table, metadata, {
    operation: 'replace',
    added: add,
    removed: remove,
    begunMs,
    fits: (newer) => areLive(ports.storage, newer, remove),
    amend: () => ({ summary: {}, properties: {} }),
  })
}
