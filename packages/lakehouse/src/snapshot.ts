import { randomUUID } from 'node:crypto'
import {
  type DataFile,
  entryStatus,
  type ManifestEntry,
  type ManifestFile,
  manifestLine,
  readLiveEntries,
  readManifestList,
  writeManifest,
  writeManifestList,
} from './manifest.ts'
import { planMerge } from './manifest-merge.ts'
import { currentSnapshot, type Snapshot, type TableMetadata } from './metadata.ts'
import type { Storage } from './storage.ts'

/** A snapshot whose metadata files are durable, ready to be committed; and those files, to remove if it is refused. */
export type PreparedSnapshot = {
  readonly snapshotId: bigint
  readonly sequenceNumber: bigint
  readonly manifestList: string
  readonly files: readonly string[]
}

/** The lines of a table's current manifest list. */
export async function currentManifests(
  storage: Storage,
  metadata: TableMetadata,
): Promise<readonly ManifestFile[]> {
  const snapshot = currentSnapshot(metadata)
  return snapshot === undefined ? [] : manifestsOf(storage, snapshot)
}

export async function manifestsOf(
  storage: Storage,
  snapshot: Snapshot,
): Promise<readonly ManifestFile[]> {
  return readManifestList(await storage.read(snapshot.manifestList))
}

/**
 * Writes manifest and manifest list of a snapshot that adds `files` to the table as `metadata` describes it. The order
 * is that of reference: a crash leaves files that nothing refers to, never a reference without its file.
 */
export async function prepareAppend(
  storage: Storage,
  metadata: TableMetadata,
  files: readonly DataFile[],
  snapshotId: bigint,
  onManifest: () => Promise<void>,
): Promise<PreparedSnapshot> {
  const sequenceNumber = metadata.lastSequenceNumber + 1n
  const snapshot = { snapshotId, sequenceNumber }
  const parent = await currentManifests(storage, metadata)
  const { kept, merged } = planMerge(parent, metadata.defaultSpecId)
  const added = files.map((file) => addedEntry(file, snapshotId))
  const carried = await carriedEntries(storage, merged)
  const lines: ManifestFile[] = []
  for (const entries of [added, carried]) {
    if (entries.length > 0) lines.push(await writeEntries(storage, metadata, snapshot, entries))
  }
  await onManifest()
  const parentSnapshotId = metadata.currentSnapshotId
  const manifestList = `${metadata.location}/metadata/snap-${snapshotId}-1-${randomUUID()}.avro`
  const bytes = writeManifestList([...lines, ...kept], { ...snapshot, parentSnapshotId })
  await storage.write(manifestList, bytes)
  const written = lines.map((line) => line.manifest_path)
  return { ...snapshot, manifestList, files: [...written, manifestList] }
}

function addedEntry(file: DataFile, snapshotId: bigint): ManifestEntry {
  return {
    status: entryStatus.added,
    snapshot_id: snapshotId,
    sequence_number: null,
    file_sequence_number: null,
    data_file: file,
  }
}

async function carriedEntries(
  storage: Storage,
  manifests: readonly ManifestFile[],
): Promise<readonly ManifestEntry[]> {
  const read = await Promise.all(
    manifests.map(async (line) => readLiveEntries(await storage.read(line.manifest_path), line)),
  )
  return read.flat().map((entry) => ({ ...entry, status: entryStatus.existing }))
}

async function writeEntries(
  storage: Storage,
  metadata: TableMetadata,
  snapshot: { readonly snapshotId: bigint; readonly sequenceNumber: bigint },
  entries: readonly ManifestEntry[],
): Promise<ManifestFile> {
  const path = `${metadata.location}/metadata/${randomUUID()}-m0.avro`
  const specId = metadata.defaultSpecId
  const bytes = writeManifest(entries, metadata.schema, specId)
  await storage.write(path, bytes)
  return manifestLine({ path, bytes, specId }, snapshot, entries)
}
