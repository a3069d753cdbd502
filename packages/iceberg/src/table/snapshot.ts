import { randomBytes, randomUUID } from 'node:crypto'
import { LakehouseError } from '../errors.ts'
import {
  type DataFile,
  entryStatus,
  type ManifestEntry,
  type ManifestFile,
  ManifestFormat,
  readLiveEntries,
  readManifestList,
  writeManifestList,
} from '../format/manifest.ts'
import { currentSnapshot, type Snapshot, type TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import { planMerge } from './manifest-merge.ts'

/** A snapshot ready to commit, and its durable metadata files, to remove if it is refused. */
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
  storage: Pick<Storage, 'read'>,
  snapshot: Snapshot,
): Promise<readonly ManifestFile[]> {
  return readManifestList(await storage.read(snapshot.manifestList))
}

/** A data file of a table, and the partition spec it was written with. */
export type LiveFile = { readonly file: DataFile; readonly specId: number }

/** The data files of a table's current snapshot. */
export async function liveFiles(
  storage: Storage,
  metadata: TableMetadata,
): Promise<readonly LiveFile[]> {
  const lines = (await currentManifests(storage, metadata)).filter(({ content }) => content === 0)
  const entries = await Promise.all(
    lines.map(async (line) => {
      const live = await liveEntries(storage, line)
      return live.map(({ data_file }) => ({ file: data_file, specId: line.partition_spec_id }))
    }),
  )
  return entries.flat()
}

/** True when all of the files are in the table's current snapshot. */
export async function areLive(
  storage: Storage,
  metadata: TableMetadata,
  files: readonly DataFile[],
): Promise<boolean> {
  if (files.length === 0) return true
  const live = new Set((await liveFiles(storage, metadata)).map(({ file }) => file.file_path))
  return files.every(({ file_path }) => live.has(file_path))
}

/** The files that a snapshot adds and removes. */
export type SnapshotChange = {
  readonly snapshotId: bigint
  readonly added: readonly DataFile[]
  /** The partition spec that the added files were written with; not always the table's newest. */
  readonly specId: number
  readonly removed: readonly DataFile[]
}

/**
 * Writes the manifests and the manifest list of a snapshot that makes the change on the table's state `metadata`. A file is
 * written before any reference to it, so a crash leaves files that nothing refers to, never a reference without its file.
 *
 * @throws LakehouseError FILES_NOT_LIVE when a file to remove is not in the table.
 */
export async function prepareSnapshot(
  storage: Storage,
  metadata: TableMetadata,
  change: SnapshotChange,
  onManifest: () => Promise<void>,
): Promise<PreparedSnapshot> {
  const { snapshotId } = change
  const sequenceNumber = metadata.lastSequenceNumber + 1n
  const snapshot = { snapshotId, sequenceNumber }
  const writer = new ManifestWriter(storage, metadata, snapshot)
  const parent = (await currentManifests(storage, metadata)).filter(isAlive)
  const left = await takeOut(storage, writer, parent, change)
  const { kept, merged } = planMerge(left, metadata.defaultSpecId)
  await writer.write(
    change.specId,
    change.added.map((file) => addedEntry(file, snapshotId)),
  )
  await writer.write(metadata.defaultSpecId, await carriedEntries(storage, merged))
  await onManifest()
  const parentSnapshotId = metadata.currentSnapshotId
  const manifestList = `${metadata.location}/metadata/snap-${snapshotId}-1-${randomUUID()}.avro`
  const bytes = writeManifestList([...writer.lines, ...kept], { ...snapshot, parentSnapshotId })
  await storage.write(manifestList, bytes)
  const written = writer.lines.map((line) => line.manifest_path)
  return { ...snapshot, manifestList, files: [...written, manifestList] }
}

/**
 * False for a manifest with only deleted entries, which matter to its own snapshot alone. A manifest without any counts is
 * kept: lists of format v1 may leave them out.
 */
const isAlive = (line: ManifestFile): boolean =>
  line.content !== 0 ||
  line.deleted_files_count === 0 ||
  line.added_files_count + line.existing_files_count > 0

/** Rewrites the manifests with removed files, and returns the other manifests. */
async function takeOut(
  storage: Storage,
  writer: ManifestWriter,
  manifests: readonly ManifestFile[],
  { removed, snapshotId }: SnapshotChange,
): Promise<readonly ManifestFile[]> {
  if (removed.length === 0) return manifests
  const missing = new Set(removed.map((file) => file.file_path))
  const untouched: ManifestFile[] = []
  for (const line of manifests) {
    const entries = line.content === 0 ? await liveEntries(storage, line) : []
    const isGone = (entry: ManifestEntry): boolean => missing.has(entry.data_file.file_path)
    if (!entries.some(isGone)) {
      untouched.push(line)
      continue
    }
    const marked = entries.map((entry) =>
      isGone(entry)
        ? { ...entry, status: entryStatus.deleted, snapshot_id: snapshotId }
        : { ...entry, status: entryStatus.existing },
    )
    await writer.write(line.partition_spec_id, marked)
    for (const { data_file } of entries) missing.delete(data_file.file_path)
  }
  if (missing.size === 0) return untouched
  const [first] = missing
  throw new LakehouseError('FILES_NOT_LIVE', `${first} is no longer a file of the table`)
}

/** Writes the manifests of one snapshot and keeps their lines. */
class ManifestWriter {
  readonly lines: ManifestFile[] = []
  readonly #storage: Storage
  readonly #metadata: TableMetadata
  readonly #snapshot: { readonly snapshotId: bigint; readonly sequenceNumber: bigint }

  constructor(
    storage: Storage,
    metadata: TableMetadata,
    snapshot: { readonly snapshotId: bigint; readonly sequenceNumber: bigint },
  ) {
    this.#storage = storage
    this.#metadata = metadata
    this.#snapshot = snapshot
  }

  async write(specId: number, entries: readonly ManifestEntry[]): Promise<void> {
    if (entries.length === 0) return
    const format = new ManifestFormat(this.#metadata, specId)
    const path = `${this.#metadata.location}/metadata/${randomUUID()}-m0.avro`
    const bytes = format.write(entries)
    await this.#storage.write(path, bytes)
    this.lines.push(format.line({ path, bytes }, this.#snapshot, entries))
  }
}

/** A positive int64, as Java engines choose it. */
export function newSnapshotId(): bigint {
  return randomBytes(8).readBigInt64BE() & 0x7fff_ffff_ffff_ffffn
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
  const read = await Promise.all(manifests.map((line) => liveEntries(storage, line)))
  return read.flat().map((entry) => ({ ...entry, status: entryStatus.existing }))
}

async function liveEntries(
  storage: Storage,
  line: ManifestFile,
): Promise<readonly ManifestEntry[]> {
  return readLiveEntries(await storage.read(line.manifest_path), line)
}
