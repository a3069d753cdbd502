import { fullName } from '@tenseams/iceberg/format/metadata'
import { readSources, sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import type { DerivedTable } from '@tenseams/lakehouse-service/silver/derived-table'
import { applyChanges, findChanges, type Refresh } from '@tenseams/lakehouse-service/silver/refresh'

const CRASHED = 'ten-seams.crashed'

/** As `refresh`, but the source's snapshot is recorded in a commit of its own, before the rows that are made of it. */
export async function refreshRecordingFirst(
  ports: AppendPorts,
  derived: DerivedTable,
  mostRows: bigint,
): Promise<Refresh> {
  const changes = await findChanges(ports, derived, mostRows)
  if (changes === undefined) return { kind: 'idle' }
  const base = await recordSnapshot(ports, derived, changes.base, changes.plan.upTo)
  return applyChanges(ports, derived, { ...changes, base })
}

/** Kills this process between the two commits, once for each table that has rows. */
async function recordSnapshot(
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
