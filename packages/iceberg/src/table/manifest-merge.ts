import type { ManifestFile } from '../format/manifest.ts'

/** How many manifests of one size class are merged. */
const MERGE_FROM = 20

export type MergePlan = {
  /** Lines kept as they are, in the list's order. */
  readonly kept: readonly ManifestFile[]
  /** Lines whose entries are merged into one new manifest; empty when there is nothing to merge. */
  readonly merged: readonly ManifestFile[]
}

/**
 * Keeps the list of manifests short without rewriting entries often: twenty manifests of a size class (1–19 files,
 * 20–399, …) are merged into one of the next, the smallest class first. So the list grows with the logarithm of the number
 * of files, and an entry is rewritten once per class.
 *
 * Only data manifests of the given spec are merged: delete manifests and other specs are left unchanged.
 */
export function planMerge(manifests: readonly ManifestFile[], specId: number): MergePlan {
  const classes = new Map<number, ManifestFile[]>()
  for (const manifest of manifests) {
    if (manifest.content !== 0 || manifest.partition_spec_id !== specId) continue
    const size = sizeClass(manifest)
    const members = classes.get(size) ?? []
    members.push(manifest)
    classes.set(size, members)
  }
  const full = [...classes].filter(([, members]) => members.length >= MERGE_FROM)
  const [, merged = []] = full.sort(([left], [right]) => left - right)[0] ?? []
  const chosen = new Set(merged)
  return { kept: manifests.filter((manifest) => !chosen.has(manifest)), merged }
}

function sizeClass(manifest: ManifestFile): number {
  const files = manifest.added_files_count + manifest.existing_files_count
  let size = 0
  for (let limit = MERGE_FROM; files >= limit; limit *= MERGE_FROM) size++
  return size
}
