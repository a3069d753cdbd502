import { describe, expect, it } from 'vitest'
import type { ManifestFile } from '../format/manifest.ts'
import { planMerge } from './manifest-merge.ts'

describe('the merging of manifests', () => {
  it('leaves a short list alone', () => {
    const list = manifests(19, 1)
    expect(planMerge(list, 0)).toEqual({ kept: list, merged: [] })
  })

  it('merges twenty small ones into one and keeps the large ones', () => {
    const large = manifests(3, 20)
    const small = manifests(20, 1)
    expect(planMerge([...small, ...large], 0)).toEqual({ kept: large, merged: small })
  })

  it('leaves delete manifests and other partition specs alone', () => {
    const foreign = manifests(30, 1).map((line) => ({ ...line, partition_spec_id: 1 }))
    const deletes = manifests(30, 1).map((line) => ({ ...line, content: 1 }))
    expect(planMerge([...foreign, ...deletes], 0).merged).toEqual([])
  })

  it('keeps the list short over 10 000 commits and rewrites an entry only a few times', () => {
    let list: readonly ManifestFile[] = []
    let longest = 0
    let rewritten = 0
    for (let commit = 0; commit < 10_000; commit++) {
      const { kept, merged } = planMerge(list, 0)
      const files = merged.reduce((sum, line) => sum + filesOf(line), 0)
      rewritten += files
      list = [...manifests(1, 1), ...(files > 0 ? manifests(1, files) : []), ...kept]
      longest = Math.max(longest, list.length)
    }
    expect(list.reduce((sum, line) => sum + filesOf(line), 0)).toBe(10_000)
    expect(longest).toBeLessThanOrEqual(80)
    expect(rewritten / 10_000).toBeLessThan(4)
  })
})

const filesOf = (line: ManifestFile): number => line.added_files_count + line.existing_files_count

function manifests(count: number, files: number): readonly ManifestFile[] {
  return Array.from({ length: count }, (_, index) => ({
    manifest_path: `m${index}`,
    manifest_length: 1n,
    partition_spec_id: 0,
    content: 0,
    sequence_number: 1n,
    min_sequence_number: 1n,
    added_snapshot_id: 1n,
    added_files_count: files,
    existing_files_count: 0,
    deleted_files_count: 0,
    added_rows_count: 1n,
    existing_rows_count: 0n,
    deleted_rows_count: 0n,
    partitions: null,
    key_metadata: null,
  }))
}
