import { hasCode, LakehouseError } from '../errors.ts'
import { readEntries } from '../format/manifest.ts'
import { fullName, type TableIdentifier, type TableMetadata } from '../format/metadata.ts'
import { offsetLogSummary } from '../offsets/offset-log.ts'
import { offsetsProperty } from '../offsets/offsets.ts'
import { sourcesProperty } from '../offsets/sources.ts'
import type { Listing, Storage, StoredFile } from '../storage.ts'
import type { Catalog } from '../table/catalog.ts'
import { longestChangeMs } from '../table/commit.ts'
import { loadTables } from '../table/list-tables.ts'
import { manifestsOf } from '../table/snapshot.ts'
import type { CareStep } from './expire.ts'

/**
 * The minimum age of an orphan. A change of this library sends no commit after `longestChangeMs`; the same time again is a
 * margin for late requests and clock differences.
 */
export const leastOrphanAgeMs = 2 * longestChangeMs

/** How often the table is read again because an expiry deleted a file that was being read. */
const MAX_READINGS = 5

export type OrphanPolicy = {
  /** Younger files are kept, because their writer may still commit them. Less than `leastOrphanAgeMs` is refused. */
  readonly olderThanMs: number
  /** Only returns what would be removed. */
  readonly dryRun?: boolean
}

export type OrphanPorts = {
  readonly catalog: Pick<Catalog, 'listNamespaces' | 'listTables' | 'loadTable'>
  readonly storage: Storage & Listing
  readonly onCareStep?: (step: CareStep) => Promise<void> | void
}

/**
 * Removes the files under a table's location that nothing refers to, left by killed writers, refused attempts and interrupted
 * expiries. The files are listed before the table is read, so a file that is committed in between is found to be referred to.
 * A file that is committed after the read is younger than `olderThanMs`.
 *
 * A crash leaves the rest for the next call. Two calls at once remove the same files.
 *
 * @returns what was removed, or would be (`dryRun`).
 * @throws LakehouseError CARE_REFUSED when it is not safe: the age is below the minimum, another table has the same folder,
 *   another engine writes the table (Flink may commit files of any age after a restore), or its format may have files that
 *   this library does not know.
 */
export async function removeOrphans(
  ports: OrphanPorts,
  table: TableIdentifier,
  { olderThanMs, dryRun = false }: OrphanPolicy,
): Promise<readonly StoredFile[]> {
  if (olderThanMs < leastOrphanAgeMs) {
    const message = `files of the last ${leastOrphanAgeMs} ms may still be needed by a writer: ${olderThanMs} ms is too short`
    throw new LakehouseError('CARE_REFUSED', message)
  }
  const before = await ports.catalog.loadTable(table)
  assertKnown(table, before)
  await assertAlone(ports, table, before)
  const oldestMs = Date.now() - olderThanMs
  const files = await ports.storage.list(before.location)
  await ports.onCareStep?.('files-listed')
  const references = await referencesNow(ports, table, before)
  await ports.onCareStep?.('references-read')
  const orphans = planOrphans(files, references, oldestMs, ports.storage.locate)
  for (const { uri } of dryRun ? [] : orphans) {
    await ports.storage.remove(uri)
    await ports.onCareStep?.('orphan-removed')
  }
  return orphans
}

/** The files last written before `oldestMs` that nothing refers to. */
export function planOrphans(
  files: readonly StoredFile[],
  references: ReadonlySet<string>,
  oldestMs: number,
  locate: Storage['locate'],
): readonly StoredFile[] {
  return files.filter(({ uri, modifiedMs }) => {
    if (modifiedMs >= oldestMs) return false
    const path = locate(uri)
    // Hadoop writes a checksum beside a file, and a version hint into tables without a catalogue.
    const owner = path.replace(/\/\.([^/]+)\.crc$/, '/$1')
    return !references.has(owner) && !path.endsWith('/metadata/version-hint.text')
  })
}

/** The paths of all files that any snapshot of a table refers to, including files that one of them removed. */
export async function referencesOf(
  storage: Pick<Storage, 'read' | 'locate'>,
  metadata: TableMetadata,
): Promise<ReadonlySet<string>> {
  const { location, metadataLocation, otherFiles, snapshots, properties } = metadata
  const logs = [properties, ...snapshots.map(({ summary }) => summary)].map(
    (texts) => texts[offsetLogSummary],
  )
  // The log's first line is written before any commit names the log.
  const firstLog = `${location}/metadata/offsets.jsonl`
  const named = [metadataLocation, ...otherFiles, ...logs, firstLog].filter(
    (uri) => uri !== undefined,
  )
  const references = new Set(named.map(storage.locate))
  for (const snapshot of snapshots) {
    references.add(storage.locate(snapshot.manifestList))
    for (const line of await manifestsOf(storage, snapshot)) {
      const path = storage.locate(line.manifest_path)
      if (references.has(path)) continue
      references.add(path)
      for (const { data_file } of readEntries(await storage.read(line.manifest_path), line)) {
        references.add(storage.locate(data_file.file_path))
      }
    }
  }
  return references
}

async function referencesNow(
  { catalog, storage }: OrphanPorts,
  table: TableIdentifier,
  before: TableMetadata,
): Promise<ReadonlySet<string>> {
  for (let reading = 1; ; reading++) {
    const metadata = await catalog.loadTable(table)
    if (metadata.tableUuid !== before.tableUuid || metadata.location !== before.location) {
      throw refused(table, 'it was replaced by another table meanwhile')
    }
    try {
      return await referencesOf(storage, metadata)
    } catch (error) {
      if (reading === MAX_READINGS || !hasCode(error, 'STORAGE_FAILED')) throw error
    }
  }
}

/** True when this library writes the table: it has recorded offsets or sources. */
export function isOurs({ properties }: TableMetadata): boolean {
  return properties[offsetsProperty] !== undefined || properties[sourcesProperty] !== undefined
}

function assertKnown(table: TableIdentifier, metadata: TableMetadata): void {
  if (!isOurs(metadata))
    throw refused(table, 'another engine writes it, and may still need old files')
  if (metadata.formatVersion <= 2) return
  throw refused(table, `format version ${metadata.formatVersion} may have files of unknown kinds`)
}

/** A renamed table keeps its folder, and another table may have been created there since. */
async function assertAlone(
  { catalog, storage }: OrphanPorts,
  table: TableIdentifier,
  { location }: TableMetadata,
): Promise<void> {
  const folder = folderOf(storage, location)
  for await (const { table: other, metadata } of loadTables(catalog)) {
    if (other.namespace === table.namespace && other.name === table.name) continue
    const neighbour = folderOf(storage, metadata.location)
    if (!neighbour.startsWith(folder) && !folder.startsWith(neighbour)) continue
    throw refused(table, `${fullName(other)} has the same folder`)
  }
}

function folderOf(storage: Pick<Storage, 'locate'>, location: string): string {
  return `${storage.locate(location).replace(/\/+$/, '')}/`
}

function refused(table: TableIdentifier, why: string): LakehouseError {
  return new LakehouseError('CARE_REFUSED', `${fullName(table)}: no file is removed: ${why}`)
}
