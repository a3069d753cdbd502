import { LakehouseError } from '../errors.ts'
import { type DataFile, entryStatus, type ManifestEntry, readEntries } from '../format/manifest.ts'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import { history } from '../table/history.ts'
import { manifestsOf } from '../table/snapshot.ts'
import { assertReadable } from './scan.ts'

/** The changes of one snapshot to a table's rows. */
export type Change = {
  /** `append` only added rows. Any other operation also removed rows, so copies of them must be corrected or rebuilt. */
  readonly kind: 'append' | 'overwrite'
  readonly snapshot: Snapshot
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
}

export type IncrementalPlan = {
  /** In the order of their snapshots. */
  readonly changes: readonly Change[]
  /** The `after` of the next plan; `null` while the table is empty. */
  readonly upTo: bigint | null
}

/**
 * The changes to a table since the snapshot `after`, without it (`null`: since the table was empty), up to `upTo` or the
 * newest. `replace` (a compaction) changes no row and is left out, so that no row is read twice.
 *
 * @throws LakehouseError SNAPSHOT_UNKNOWN when a snapshot between `after` and `upTo` has expired or was rolled back. FORMAT_UNSUPPORTED when rows were deleted by delete files.
 */
export async function planIncremental(
  storage: Storage,
  metadata: TableMetadata,
  range: { readonly after: bigint | null; readonly upTo?: bigint },
): Promise<IncrementalPlan> {
  const snapshots = snapshotsBetween(metadata, range)
  const moving = snapshots.filter(({ summary }) => summary.operation !== 'replace')
  const changes = await Promise.all(moving.map((snapshot) => changeOf(storage, snapshot)))
  return { changes, upTo: snapshots.at(-1)?.snapshotId ?? range.after }
}

function snapshotsBetween(
  metadata: TableMetadata,
  { after, upTo }: { readonly after: bigint | null; readonly upTo?: bigint },
): readonly Snapshot[] {
  const ancestors = history(metadata)
  const end = upTo === undefined ? ancestors.length : indexAfter(ancestors, upTo)
  if (after === null) {
    if ((ancestors[0]?.parentSnapshotId ?? null) === null) return ancestors.slice(0, end)
    throw unknown(`the table's first snapshots have expired`)
  }
  const start = indexAfter(ancestors, after)
  if (start <= end) return ancestors.slice(start, end)
  throw new LakehouseError(
    'QUERY_INVALID',
    `snapshot ${after} is younger than ${upTo}: swap them, or leave upTo out`,
  )
}

function indexAfter(ancestors: readonly Snapshot[], id: bigint): number {
  const index = ancestors.findIndex(({ snapshotId }) => snapshotId === id)
  if (index >= 0) return index + 1
  throw unknown(`snapshot ${id} is not among the ancestors of the table's current snapshot`)
}

function unknown(what: string): LakehouseError {
  const wayOut = 'read the whole table (planScan) and go on from the snapshot of that plan'
  return new LakehouseError('SNAPSHOT_UNKNOWN', `${what}: ${wayOut}`)
}

/** A snapshot's changes are in the manifests that it wrote; inherited ones contain older changes. */
async function changeOf(storage: Storage, snapshot: Snapshot): Promise<Change> {
  const { snapshotId, summary } = snapshot
  const lines = (await manifestsOf(storage, snapshot)).filter(
    (line) => line.added_snapshot_id === snapshotId,
  )
  const entries = await Promise.all(
    lines.map(async (line) => readEntries(await storage.read(line.manifest_path), line)),
  )
  const own = entries.flat().filter((entry) => entry.snapshot_id === snapshotId)
  const added = filesOf(own, entryStatus.added)
  const removed = filesOf(own, entryStatus.deleted)
  for (const file of [...added, ...removed]) assertReadable(file)
  const isAppend = summary.operation === 'append' && removed.length === 0
  return { kind: isAppend ? 'append' : 'overwrite', snapshot, added, removed }
}

function filesOf(entries: readonly ManifestEntry[], status: number): readonly DataFile[] {
  return entries.filter((entry) => entry.status === status).map((entry) => entry.data_file)
}
