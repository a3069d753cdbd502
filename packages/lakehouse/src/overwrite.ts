import { type AppendBase, type AppendOutcome, type AppendPorts, baseOf } from './append.ts'
import { commitChange } from './commit.ts'
import { writeDataFiles } from './data-files.ts'
import type { Row } from './duckdb.ts'
import { LakehouseError } from './errors.ts'
import { snapshotsSince } from './history.ts'
import type { DataFile } from './manifest.ts'
import type { TableIdentifier, TableMetadata } from './metadata.ts'
import { linkOffsets } from './offset-log.ts'
import { isContiguous, type OffsetSpans } from './offsets.ts'
import { areLive } from './snapshot.ts'

export type Overwrite = {
  /** Files that held rows which have changed; all of their rows that stay are among `rows`. */
  readonly remove: readonly DataFile[]
  readonly rows: readonly Row[]
  /** Offsets that the rows account for, when they come from a log. */
  readonly spans?: OffsetSpans
  /** Said in the snapshot besides, e.g. which snapshot of another table the rows were made of. */
  readonly summary?: Readonly<Record<string, string>>
}

/**
 * Copy-on-write: takes whole files out and puts others in their place, in one commit, so that a reader sees the rows
 * before or after, never both and never neither. No delete files are written.
 *
 * The rows were made from what the base holds. So a conflict is rebased only when the other writers changed no row
 * (compactions of other files, properties); after anything else it is `overtaken`, and the caller begins anew from the
 * outcome's base. Crashes and unknown outcomes are as with `append`.
 *
 * @throws LakehouseError as `append`; FILES_NOT_LIVE when a file is not in the base's table.
 */
export async function overwrite(
  ports: AppendPorts,
  table: TableIdentifier,
  base: AppendBase,
  { remove, rows, spans = {}, summary = {} }: Overwrite,
): Promise<AppendOutcome> {
  if (!isContiguous(base.offsets, spans)) {
    throw new LakehouseError('OFFSETS_NOT_CONTIGUOUS', 'the batch does not begin at the offsets')
  }
  const begunMs = Date.now()
  await ports.onStep?.('before-parquet')
  const added = await writeDataFiles(ports, base.metadata, rows)
  if (added.length > 0) await ports.onStep?.('parquet-written')
  const { kind, metadata, conflicts } = await commitChange(ports, table, base.metadata, {
    operation: 'overwrite',
    added,
    removed: remove,
    begunMs,
    fits: async (newer) =>
      sameRows(base.metadata, newer) &&
      isContiguous(baseOf(newer).offsets, spans) &&
      areLive(ports.storage, newer, remove),
    amend: async (on, attempt) => {
      if (Object.keys(spans).length === 0) return { summary, properties: {} }
      const link = await linkOffsets(ports.storage, on, attempt, { spans, added })
      return { ...link, summary: { ...summary, ...link.summary } }
    },
  })
  return { kind, base: baseOf(metadata), conflicts }
}

/** Whether all that was committed since only moved rows into other files. */
function sameRows(base: TableMetadata, newer: TableMetadata): boolean {
  const since = snapshotsSince(newer, base.currentSnapshotId)
  return since?.every(({ summary }) => summary.operation === 'replace') ?? false
}
