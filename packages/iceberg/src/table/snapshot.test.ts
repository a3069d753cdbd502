import { describe, expect, it } from 'vitest'
import {
  type DataFile,
  entryStatus,
  type ManifestFile,
  readEntries,
  readManifestList,
  writeManifestList,
} from '../format/manifest.ts'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import { dataFile } from '../testing/memory-table.ts'
import { liveFiles, prepareSnapshot } from './snapshot.ts'

describe('a snapshot', () => {
  it('marks removed files as deleted, and keeps the others of their manifest', async () => {
    const table = new Table()
    await table.change({ added: ['a', 'b'] })
    await table.change({ added: ['c'], removed: ['a'] })
    expect(await table.files()).toEqual(['b', 'c'])
    const [news] = (await table.lines()).filter((line) => line.deleted_files_count > 0)
    expect(news).toMatchObject({
      added_files_count: 0,
      existing_files_count: 1,
      deleted_files_count: 1,
      existing_rows_count: 10n,
      deleted_rows_count: 10n,
      sequence_number: 2n,
      min_sequence_number: 1n,
    })
    const entries = readEntries(
      await table.storage.read(news?.manifest_path ?? ''),
      news as ManifestFile,
    )
    expect(
      entries.map((entry) => [entry.status, entry.snapshot_id, entry.sequence_number]),
    ).toEqual([
      [entryStatus.deleted, 2n, 1n],
      [entryStatus.existing, 1n, 1n],
    ])
  })

  it('marks removed files once: the next snapshot drops a manifest with nothing else', async () => {
    const table = new Table()
    await table.change({ added: ['a'] })
    await table.change({ removed: ['a'], added: ['b'] })
    expect(await table.lines()).toHaveLength(2)
    await table.change({ added: ['c'] })
    expect(await table.files()).toEqual(['c', 'b'])
    expect(await table.lines()).toHaveLength(2)
  })

  it('keeps a manifest whose line has no counts, as lists of format v1 may', async () => {
    const table = new Table()
    await table.change({ added: ['a'] })
    const counts = ['added', 'existing', 'deleted'].map((name) => [`${name}_files_count`, 0])
    const [line] = await table.lines()
    table.replaceList([{ ...line, ...Object.fromEntries(counts) } as ManifestFile])
    await table.change({ added: ['b'] })
    expect(await table.files()).toEqual(['b', 'a'])
  })

  it('keeps files under the spec that they were written with, whatever the table’s newest is', async () => {
    const table = new Table()
    await table.change({ added: ['a'], specId: 0 })
    table.metadata = { ...table.metadata, defaultSpecId: 1 }
    await table.change({ added: ['b'], specId: 0 })
    expect(await liveFiles(table.storage, table.metadata)).toMatchObject([
      { file: { file_path: 'b' }, specId: 0 },
      { file: { file_path: 'a' }, specId: 0 },
    ])
  })

  it('refuses to remove a file that is not in the table', async () => {
    const table = new Table()
    await table.change({ added: ['a'] })
    await table.change({ removed: ['a'] })
    await expect(table.change({ removed: ['a'] })).rejects.toThrow(/no longer a file of the table/)
  })
})

/** A table whose files are in memory, and whose commits all succeed. */
class Table {
  readonly #bytes = new Map<string, Buffer>()
  readonly storage = {
    write: async (uri: string, bytes: Buffer) => void this.#bytes.set(uri, bytes),
    read: async (uri: string) => this.#bytes.get(uri) ?? Promise.reject(new Error(`no ${uri}`)),
  } as Partial<Storage> as Storage
  metadata = {
    location: '/t',
    lastSequenceNumber: 0n,
    defaultSpecId: 0,
    schema: { type: 'struct', 'schema-id': 0, fields: [] },
    schemas: [],
    partitionSpecs: [
      { 'spec-id': 0, fields: [] },
      { 'spec-id': 1, fields: [] },
    ],
    currentSnapshotId: null,
    snapshots: [],
  } as Partial<TableMetadata> as TableMetadata

  async change({
    added = [],
    removed = [],
    specId = 0,
  }: {
    readonly added?: readonly string[]
    readonly removed?: readonly string[]
    readonly specId?: number
  }): Promise<void> {
    const snapshotId = this.metadata.lastSequenceNumber + 1n
    const change = { snapshotId, specId, added: added.map(file), removed: removed.map(file) }
    const prepared = await prepareSnapshot(this.storage, this.metadata, change, () =>
      Promise.resolve(),
    )
    this.metadata = {
      ...this.metadata,
      lastSequenceNumber: prepared.sequenceNumber,
      currentSnapshotId: snapshotId,
      snapshots: [...this.metadata.snapshots, prepared as Partial<Snapshot> as Snapshot],
    }
  }

  async files(): Promise<readonly string[]> {
    return (await liveFiles(this.storage, this.metadata)).map(({ file }) => file.file_path)
  }

  async lines(): Promise<readonly ManifestFile[]> {
    return readManifestList(this.#bytes.get(this.#list()) ?? Buffer.alloc(0))
  }

  replaceList(lines: readonly ManifestFile[]): void {
    const snapshot = { snapshotId: 1n, parentSnapshotId: null, sequenceNumber: 1n }
    this.#bytes.set(this.#list(), writeManifestList(lines, snapshot))
  }

  #list(): string {
    return this.metadata.snapshots.at(-1)?.manifestList ?? ''
  }
}

const file = (path: string): DataFile =>
  dataFile(path, { record_count: 10n, file_size_in_bytes: 100n })
