import type { TableIdentifier } from '../format/metadata.ts'
import { assertExplained } from '../offsets/explained.ts'
import { linkOffsets } from '../offsets/offset-log.ts'
import { type OffsetSpans, type Offsets, writeOffsets } from '../offsets/offsets.ts'
import { type TopicLogs, writeByName } from '../offsets/topics.ts'
import { type CommitPorts, commitChange } from '../table/commit.ts'
import { type AppendBase, type AppendOutcome, baseOf } from './append.ts'

/** Another log of a topic than the one that a table's offsets belong to, and where the table begins to read it. */
export type AcceptedLog = {
  /** Each with an epoch that the table has not had. */
  readonly topics: TopicLogs
  /** By `partitionKey` with the new epoch. */
  readonly starts: Offsets
}

/**
 * Lets a table go on in another log of its topic: one commit without rows, whose line of the log of offsets names the new log.
 * The offsets of the earlier log stay as they are, and those of the new one have names of their own, so within each log every
 * record is taken once. A writer that still has records of the earlier log is refused by its compare-and-set.
 *
 * @throws LakehouseError as `append`. `overtaken`: another writer was first; compare with the log again.
 */
export async function acceptLog(
  ports: CommitPorts,
  table: TableIdentifier,
  base: AppendBase,
  { topics, starts }: AcceptedLog,
): Promise<AppendOutcome> {
  assertExplained(table, base.metadata)
  const spans: OffsetSpans = Object.fromEntries(
    Object.entries(starts).map(([key, start]) => [key, { start, end: start }]),
  )
  const { kind, metadata, conflicts } = await commitChange(ports, table, base.metadata, {
    operation: 'append',
    added: [],
    removed: [],
    begunMs: Date.now(),
    fits: (newer) => isSame(base, baseOf(newer)),
    amend: (on, attempt) => linkOffsets(ports.storage, on, attempt, { spans, added: [], topics }),
  })
  return { kind, base: baseOf(metadata), conflicts }
}

function isSame(base: AppendBase, newer: AppendBase): boolean {
  const hasSameOffsets = writeOffsets(base.offsets) === writeOffsets(newer.offsets)
  return hasSameOffsets && writeByName(base.topics) === writeByName(newer.topics)
}
