import { type DataFile, type ManifestFile, readLiveEntries } from './manifest.ts'
import type { Snapshot, TableMetadata } from './metadata.ts'
import { manifestsOf } from './snapshot.ts'
import type { Storage } from './storage.ts'

/** What the snapshots that a table still has refer to. Each file is named once. */
export type References = {
  readonly manifestLists: readonly string[]
  readonly manifests: readonly ManifestFile[]
  readonly dataFiles: readonly DataFile[]
  /** The files of each snapshot. */
  readonly bySnapshot: readonly {
    readonly snapshot: Snapshot
    readonly files: readonly DataFile[]
  }[]
}

/** @throws LakehouseError STORAGE_FAILED when a list or a manifest cannot be read. */
export async function referencesOf(
  storage: Storage,
  { snapshots }: TableMetadata,
): Promise<References> {
  const manifests = new Map<string, ManifestFile>()
  const filesIn = new Map<string, readonly DataFile[]>()
  const dataFiles = new Map<string, DataFile>()
  const bySnapshot: { readonly snapshot: Snapshot; readonly files: readonly DataFile[] }[] = []
  for (const snapshot of snapshots) {
    const lines = await manifestsOf(storage, snapshot)
    for (const line of lines) {
      if (filesIn.has(line.manifest_path)) continue
      const entries = readLiveEntries(await storage.read(line.manifest_path), line)
      manifests.set(line.manifest_path, line)
      filesIn.set(
        line.manifest_path,
        entries.map((entry) => entry.data_file),
      )
    }
    const files = lines.flatMap((line) => filesIn.get(line.manifest_path) ?? [])
    for (const file of files) dataFiles.set(file.file_path, file)
    bySnapshot.push({ snapshot, files })
  }
  return {
    manifestLists: snapshots.map(({ manifestList }) => manifestList),
    manifests: [...manifests.values()],
    dataFiles: [...dataFiles.values()],
    bySnapshot,
  }
}
