import { LakehouseError } from '../errors.ts'
import type { DataFile } from '../format/manifest.ts'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import type { Listing, Storage } from '../storage.ts'
import { prepareSnapshot } from '../table/snapshot.ts'

/** A table in memory, without catalogue and disk, for tests of plans. Manifests are written and read as usual. */
export class MemoryTable {
  readonly files = new Map<string, Buffer>()
  /** When each file was written; a test may make one older. */
  readonly writtenMs = new Map<string, number>()
  readonly storage: Storage & Listing
  metadata: TableMetadata

  constructor(first: Partial<TableMetadata> = {}) {
    const { files, writtenMs } = this
    const read = async (uri: string): Promise<Buffer> =>
      files.get(uri) ?? Promise.reject(new LakehouseError('STORAGE_FAILED', `${uri} is not there`))
    const write = async (uri: string, bytes: Buffer) => {
      files.set(uri, bytes)
      writtenMs.set(uri, Date.now())
    }
    const stat = async (uri: string) => {
      const bytes = files.get(uri)
      if (bytes === undefined) return undefined
      return { uri, bytes: BigInt(bytes.length), modifiedMs: writtenMs.get(uri) ?? 0 }
    }
    const list = async (folder: string) => {
      const found = [...files.keys()].filter((uri) => uri.startsWith(`${folder}/`)).map(stat)
      return (await Promise.all(found)).filter((file) => file !== undefined)
    }
    const remove = async (uri: string) => void files.delete(uri)
    const locate = (uri: string) => uri
    const harden = async () => undefined
    const appendLine = (uri: string, text: string) =>
      write(uri, Buffer.concat([files.get(uri) ?? Buffer.of(), Buffer.from(`\n${text}\n`)]))
    const known = { read, write, list, stat, remove, locate, harden, appendLine }
    this.storage = known satisfies Partial<Storage & Listing> as Partial<Storage> as Storage &
      Listing
    const schema = { type: 'struct', 'schema-id': 0, fields: [] } as const
    this.metadata = {
      location: 'memory:',
      lastSequenceNumber: 0n,
      schema,
      schemas: [schema],
      defaultSpecId: 0,
      partitionSpecs: [{ 'spec-id': 0, fields: [] }],
      currentSnapshotId: null,
      snapshots: [],
      namedSnapshots: [],
      properties: {},
      otherFiles: [],
      tableUuid: 'table',
      formatVersion: 2,
      ...first,
    } satisfies Partial<TableMetadata> as Partial<TableMetadata> as TableMetadata
  }

  /** Commits a snapshot with the next id: 1, 2, 3, …, a second after the one before. */
  async commit(change: {
    readonly operation: string
    readonly added?: readonly DataFile[]
    readonly removed?: readonly DataFile[]
    readonly schemaId?: number
  }): Promise<void> {
    const { added = [], removed = [], operation, schemaId } = change
    const snapshotId = this.metadata.lastSequenceNumber + 1n
    const files = { snapshotId, specId: 0, added, removed }
    const prepared = await prepareSnapshot(
      this.storage,
      this.metadata,
      files,
      async () => undefined,
    )
    const snapshot: Snapshot = {
      ...prepared,
      parentSnapshotId: this.metadata.currentSnapshotId,
      timestampMs: Number(snapshotId) * 1_000,
      summary: { operation },
      schemaId,
    }
    this.metadata = {
      ...this.metadata,
      lastSequenceNumber: prepared.sequenceNumber,
      currentSnapshotId: snapshotId,
      snapshots: [...this.metadata.snapshots, snapshot],
    }
  }
}

export function dataFile(path: string, statistics: Partial<DataFile> = {}): DataFile {
  return {
    content: 0,
    file_path: path,
    file_format: 'PARQUET',
    partition: {},
    record_count: 1n,
    file_size_in_bytes: 1n,
    column_sizes: null,
    value_counts: null,
    null_value_counts: null,
    nan_value_counts: null,
    lower_bounds: null,
    upper_bounds: null,
    key_metadata: null,
    split_offsets: null,
    equality_ids: null,
    sort_order_id: null,
    ...statistics,
  }
}
