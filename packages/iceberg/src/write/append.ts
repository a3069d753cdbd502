import type { Engine } from '../duckdb.ts'
import { LakehouseError } from '../errors.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import type { Row } from '../format/row.ts'
import { assertExplained, unexplained } from '../offsets/explained.ts'
import { linkOffsets } from '../offsets/offset-log.ts'
import {
  isContiguous,
  type OffsetSpans,
  type Offsets,
  offsetsProperty,
  planRebase,
  readOffsets,
} from '../offsets/offsets.ts'
import { continues, type LeaderEpochs, readTopics, type TopicLogs } from '../offsets/topics.ts'
import type { Storage } from '../storage.ts'
import { type CommitPorts, type CommitStep, commitChange } from '../table/commit.ts'
import { writeDataFiles } from './data-files.ts'

/**
 * What an append builds on: parent snapshot and offsets from the same read of the table, in one value. Never combine them
 * from two reads: with a newer parent and older offsets the compare-and-set passes and rows are doubled.
 */
export type AppendBase = {
  readonly metadata: TableMetadata
  readonly offsets: Offsets
  /** The logs that the offsets belong to. */
  readonly topics: TopicLogs
}

export function baseOf(metadata: TableMetadata): AppendBase {
  const offsets = readOffsets(metadata.properties[offsetsProperty])
  return Object.freeze({ metadata, offsets, topics: readTopics(metadata.properties) })
}

/** The steps at which a test may kill the process. */
export type AppendStep = 'before-parquet' | 'parquet-written' | CommitStep

export type AppendPorts = Omit<CommitPorts, 'onStep'> & {
  readonly storage: Storage
  readonly engine: Engine
  readonly onStep?: (step: AppendStep) => Promise<void> | void
}

export type AppendBatch = {
  /** May be empty: then only the offsets move. */
  readonly rows: readonly Row[]
  readonly spans: OffsetSpans
  /** The logs that the records were read from. A table with another log of a topic refuses them. */
  readonly topics?: TopicLogs
  /** The epoch of the leader that each partition was read from. */
  readonly leaderEpochs?: LeaderEpochs
}

export type AppendOutcome =
  | { readonly kind: 'committed'; readonly base: AppendBase; readonly conflicts: number }
  /** Another writer was first, or the outcome stayed unknown. Drop the rows and seek to the new base's offsets. */
  | { readonly kind: 'overtaken'; readonly base: AppendBase; readonly conflicts: number }

/**
 * Appends rows and the offsets that they account for in one commit: the table has both, or neither.
 *
 * A crash before the commit leaves files that nothing refers to; after it, the next reader of the table finds the
 * offsets moved. After a conflict with a writer of other partitions, or with a compaction, the append is rebased; after one with a
 * writer of the same partitions it is `overtaken`.
 *
 * @throws LakehouseError OFFSETS_NOT_CONTIGUOUS, LOG_DIFFERS or ROWS_UNEXPLAINED before anything is written; CATALOG_UNAVAILABLE or STORAGE_FAILED,
 *   after which the caller must load the table again and continue from its offsets.
 */
export async function append(
  ports: AppendPorts,
  table: TableIdentifier,
  base: AppendBase,
  batch: AppendBatch,
): Promise<AppendOutcome> {
  if (!isContiguous(base.offsets, batch.spans)) {
    throw new LakehouseError('OFFSETS_NOT_CONTIGUOUS', 'the batch does not begin at the offsets')
  }
  const { spans, topics = {}, leaderEpochs } = batch
  if (!continues(base.topics, topics)) {
    throw new LakehouseError('LOG_DIFFERS', 'the records are of another log than the offsets')
  }
  assertExplained(table, base.metadata)
  const begunMs = Date.now()
  await ports.onStep?.('before-parquet')
  const added = await writeDataFiles(ports, base.metadata, batch.rows)
  if (added.length > 0) await ports.onStep?.('parquet-written')
  const { kind, metadata, conflicts } = await commitChange(ports, table, base.metadata, {
    operation: 'append',
    added,
    removed: [],
    begunMs,
    fits: (newer) =>
      planRebase(baseOf(newer).offsets, spans) === 'rebase' &&
      continues(baseOf(newer).topics, topics) &&
      unexplained(newer).length === 0,
    amend: (on, attempt) =>
      linkOffsets(ports.storage, on, attempt, {
        ...{ spans, added, topics },
        ...(leaderEpochs && { leaderEpochs }),
      }),
  })
  return { kind, base: baseOf(metadata), conflicts }
}
