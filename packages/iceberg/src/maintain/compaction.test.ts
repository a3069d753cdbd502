import { describe, expect, it } from 'vitest'
import { type DataFile, writeManifestList } from '../format/manifest.ts'
import { currentManifests, type LiveFile } from '../table/snapshot.ts'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import type { AppendPorts } from '../write/append.ts'
import { compact, planCompaction } from './compaction.ts'

const policy = { targetBytes: 100n, leastFiles: 2, mostBytes: 1_000n }

describe('a compaction', () => {
  it('groups small files up to the target, and leaves large ones alone', () => {
    const files = [file('a', 30n), file('b', 80n), file('c', 40n), file('d', 60n), file('e', 20n)]
    expect(names(planCompaction(files, 0, policy))).toEqual([
      ['a', 'c'],
      ['d', 'e'],
    ])
  })

  it('keeps partitions apart, and files of an older spec as they are', () => {
    const files = [
      file('a', 10n, { day: 1 }),
      file('b', 10n, { day: 2 }),
      file('c', 10n, { day: 1 }),
      { ...file('d', 10n, { day: 1 }), specId: 1 },
    ]
    expect(names(planCompaction(files, 0, policy))).toEqual([['a', 'c']])
  })

  it('does nothing for fewer files than the minimum', () => {
    expect(planCompaction([file('a', 10n)], 0, policy)).toEqual([])
  })

  it('leaves much larger files alone, so that no row is rewritten each time', () => {
    const sizes = [70n, 9n, 8n, 1n, 60n, 12n, 1n]
    const files = sizes.map((bytes, index) => file(`${bytes}-${index}`, bytes))
    const plan = planCompaction(files, 0, { ...policy, targetBytes: 1_000n })
    expect(names(plan)).toEqual([
      ['70-0', '60-4'],
      ['9-1', '8-2', '1-3', '12-5', '1-6'],
    ])
  })

  it('does not count files that stay alone against the limit', () => {
    const files = [
      ...['a', 'b', 'c'].map((name, day) => file(name, 10n, { day })),
      ...['d', 'e'].map((name) => file(name, 10n, { day: 9 })),
    ]
    expect(names(planCompaction(files, 0, { ...policy, mostBytes: 20n }))).toEqual([['d', 'e']])
  })

  it('is refused for a table with delete files, whose rows it would bring back', async () => {
    const memory = new MemoryTable()
    for (const name of ['a', 'b']) {
      await memory.commit({ operation: 'append', added: [dataFile(name)] })
    }
    const [line, ...others] = await currentManifests(memory.storage, memory.metadata)
    const snapshot = memory.metadata.snapshots.at(-1)
    if (line === undefined || snapshot === undefined) throw new Error('the table is empty')
    const list = writeManifestList([{ ...line, content: 1 }, ...others], snapshot)
    memory.files.set(snapshot.manifestList, list)
    const ports = { storage: memory.storage } as Partial<AppendPorts> as AppendPorts
    const table = { namespace: 'gold', name: 'of_flink' }
    await expect(compact(ports, table, memory.metadata, policy)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
    })
  })

  it('reads no more than the limit', () => {
    const files = ['a', 'b', 'c', 'd'].map((name) => file(name, 10n))
    expect(names(planCompaction(files, 0, { ...policy, mostBytes: 25n }))).toEqual([['a', 'b']])
  })
})

function file(name: string, bytes: bigint, partition: DataFile['partition'] = {}): LiveFile {
  const data = { file_path: name, file_size_in_bytes: bytes, partition } as Partial<DataFile>
  return { file: data as DataFile, specId: 0 }
}

function names(groups: readonly (readonly DataFile[])[]): readonly (readonly string[])[] {
  return groups.map((group) => group.map(({ file_path }) => file_path))
}
