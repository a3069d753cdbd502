import { fullName } from '@tenseams/iceberg/format/metadata'
import { readSources, sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import type { DerivedTable } from './derived-table.ts'

const CRASHED = 'ten-seams.crashed'

/**
 * A wrong way, for the proof that shows what it does: the source's snapshot is recorded in a commit of its own, before the
 * rows that were made of it. A table that has rows is killed once in between.
 */
export async function recordFirst(
  { catalog }: AppendPorts,
  derived: DerivedTable,
  { metadata }: AppendBase,
  snapshotId: bigint,
): Promise<AppendBase> {
  const { properties, currentSnapshotId, tableUuid } = metadata
  const sources = { ...readSources(properties), [fullName(derived.source)]: snapshotId }
  const crashes = currentSnapshotId !== null && properties[CRASHED] === undefined
  const outcome = await catalog.commitTable(derived.table, {
    requirements: [
      { type: 'assert-table-uuid', uuid: tableUuid },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': currentSnapshotId },
    ],
    updates: [
      {
        action: 'set-properties',
        updates: {
          [sourcesProperty]: writeSources(sources),
          ...(crashes && { [CRASHED]: new Date().toISOString() }),
        },
      },
    ],
  })
  if (outcome.kind !== 'committed') throw outcome.error
  if (crashes) process.kill(process.pid, 'SIGKILL')
  return baseOf(outcome.metadata)
}
