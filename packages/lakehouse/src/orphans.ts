import type { Catalog } from './catalog.ts'
import { LakehouseError } from './errors.ts'
import type { TableIdentifier } from './metadata.ts'
import { referencesOf } from './references.ts'
import type { Storage, StoredFile } from './storage.ts'

/**
 * A writer's files are referred to at its commit, and a commit has an end: five tries of a request (10 s) and of reading an
 * unknown outcome (8 reads, about 90 s in all). What is younger may be of one that is under way.
 */
export const LEAST_ORPHAN_AGE_MS = 900_000

export type OrphanPolicy = {
  /** At least `LEAST_ORPHAN_AGE_MS`; and longer than any other writer of the table takes. */
  readonly olderThanMs: number
  /** Nothing is removed, only found. */
  readonly dryRun?: boolean
}

/**
 * Removes what lies in a table's folder and no snapshot refers to: files of writers that were killed, and of commits whose
 * outcome stayed unknown. Only data files, manifests and lists; the catalogue's own metadata and the log of offsets are never
 * touched. The folder is listed before the table is read, so a file that is committed meanwhile is kept. A crash
 * leaves the rest for the next time; two at once do no harm.
 *
 * @throws LakehouseError QUERY_INVALID for a policy that is too young; what catalogue and storage say, and then
 *   nothing more is removed.
 */
export async function removeOrphans(
  { catalog, storage }: { readonly catalog: Catalog; readonly storage: Storage },
  table: TableIdentifier,
  { olderThanMs, dryRun = false }: OrphanPolicy,
): Promise<readonly StoredFile[]> {
  if (olderThanMs < LEAST_ORPHAN_AGE_MS) {
    const message = `files younger than ${LEAST_ORPHAN_AGE_MS} ms may be of a commit that is under way`
    throw new LakehouseError('QUERY_INVALID', message)
  }
  const { location } = await catalog.loadTable(table)
  const bornBefore = Date.now() - olderThanMs
  const old = (await storage.list(location)).filter(
    ({ uri, changedMs }) => changedMs < bornBefore && /\.(?:parquet|avro)$/.test(uri),
  )
  if (old.length === 0) return []
  const { manifestLists, manifests, dataFiles } = await referencesOf(
    storage,
    await catalog.loadTable(table),
  )
  const referred = new Set(
    [
      ...manifestLists,
      ...manifests.map((line) => line.manifest_path),
      ...dataFiles.map((file) => file.file_path),
    ].map((uri) => storage.locate(uri)),
  )
  const orphans = old.filter(({ uri }) => !referred.has(storage.locate(uri)))
  for (const { uri } of dryRun ? [] : orphans) await storage.remove(uri)
  return orphans
}
