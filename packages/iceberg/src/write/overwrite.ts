import { LakehouseError } from '../errors.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import type { Row } from '../format/row.ts'
import { linkOffsets, offsetLogSummary } from '../offsets/offset-log.ts'
import { isContiguous, type OffsetSpans } from '../offsets/offsets.ts'
import { readSources, type Sources, sourcesProperty, writeSources } from '../offsets/sources.ts'
import { commitChange } from '../table/commit.ts'
import { snapshotsSince } from '../table/history.ts'
import { areLive } from '../table/snapshot.ts'
import { type AppendBase, type AppendOutcome, type AppendPorts, baseOf } from './append.ts'
import { writeDataFiles } from './data-files.ts'

export type Overwrite = {
  /** Files with changed rows; those of their rows that stay must be among `rows` or in `files`. */
  readonly remove: readonly DataFile[]
  readonly rows: readonly Row[]
  /** Further files, already durable (`writeDataFileFrom`); deleted when the overwrite is refused for certain. */
  readonly files?: readonly DataFile[]
  /** When the first of those files may have been written; by default now. */
  readonly begunMs?: number
  /** Offsets that the rows account for, when they come from a log. */
  readonly spans?: OffsetSpans
  /** Snapshots of other tables that the rows account for, when they are made from tables. */
  readonly sources?: Sources
  /** Of the removed rows, how many the offsets never accounted for. */
  readonly foreignRows?: bigint
  /** Further entries of the snapshot's summary. */
  readonly summary?: Readonly<Record<string, string>>
}

/**
 * Copy-on-write: replaces whole files by others in one commit, so that a reader sees the rows before or after it, never both
 * and never neither. No delete files are written.
 *
 * The rows were made from the base's rows. So after a conflict it is rebased only when the other writers changed no row
 * (compactions of other files, properties). Otherwise it is `overtaken`, and the caller starts again from the outcome's base.
 * Crashes and unknown outcomes are as with `append`. With `sources`, the rows and the snapshots that they are made from are one
 * commit: exactly once from table to table.
 *
 * @throws LakehouseError as `append`; FILES_NOT_LIVE when a file is not in the base's table.
 */
export async function overwrite(
  ports: AppendPorts,
  table: TableIdentifier,
  base: AppendBase,
  {
    remove,
    rows,
    files = [],
    begunMs = Date.now(),
    spans = {},
    sources = {},
    foreignRows = 0n,
    summary = {},
  }: Overwrite,
): Promise<AppendOutcome> {
  if (!isContiguous(base.offsets, spans)) {
    throw new LakehouseError('OFFSETS_NOT_CONTIGUOUS', 'the batch does not begin at the offsets')
  }
  await ports.onStep?.('before-parquet')
  const added = [...(await writeDataFiles(ports, base.metadata, rows)), ...files]
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
      const made = madeOf(on, sources)
      const hasOffsets = on.properties[offsetLogSummary] !== undefined
      if (Object.keys(spans).length === 0 && !hasOffsets) {
        return { summary: { ...summary, ...made }, properties: made }
      }
      const removedRows = remove.reduce((sum, file) => sum + file.record_count, 0n) - foreignRows
      const link = await linkOffsets(ports.storage, on, attempt, { spans, added, removedRows })
      return {
        summary: { ...summary, ...made, ...link.summary },
        properties: { ...made, ...link.properties },
      }
    },
  })
  return { kind, base: baseOf(metadata), conflicts }
}

/** The sources after this commit, for the snapshot's summary and the table's property. */
function madeOf(on: TableMetadata, sources: Sources): Readonly<Record<string, string>> {
  if (Object.keys(sources).length === 0) return {}
  return { [sourcesProperty]: writeSources({ ...readSources(on.properties), ...sources }) }
}

/** True when all commits since then only moved rows into other files. */
function sameRows(base: TableMetadata, newer: TableMetadata): boolean {
  const since = snapshotsSince(newer, base.currentSnapshotId)
  return since?.every(({ summary }) => summary.operation === 'replace') ?? false
}
