import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { metadataType, readAvroFile, writeAvroFile } from './avro-file.ts'
import {
  type DataFile,
  entryStatus,
  type ManifestEntry,
  ManifestFormat,
  readLiveEntries,
  readManifestList,
  writeManifestList,
} from './manifest.ts'
import type { TableMetadata } from './metadata.ts'
import type { TableSchema } from './schema.ts'

const snapshot = { snapshotId: 9_223_372_036_854_775_807n, sequenceNumber: 7n }
const schema: TableSchema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'at', required: false, type: 'timestamptz' },
  ],
}
const byDay = [
  { 'source-id': 2, 'field-id': 1_000, name: 'at_day', transform: 'day' },
  { 'source-id': 1, 'field-id': 1_001, name: 'id_bucket', transform: 'bucket[4]' },
]
const metadata = {
  schema,
  schemas: [schema],
  partitionSpecs: [
    { 'spec-id': 0, fields: [] },
    { 'spec-id': 1, fields: byDay },
  ],
} as Partial<TableMetadata> as TableMetadata
const plain = new ManifestFormat(metadata, 0)
const partitioned = new ManifestFormat(metadata, 1)

const file: DataFile = {
  content: 0,
  file_path: 'file:///warehouse/data/a.parquet',
  file_format: 'PARQUET',
  partition: {},
  record_count: 9_007_199_254_740_993n,
  file_size_in_bytes: 1_024n,
  column_sizes: [{ key: 1, value: 64n }],
  value_counts: [{ key: 1, value: 3n }],
  null_value_counts: [{ key: 1, value: 0n }],
  nan_value_counts: null,
  lower_bounds: [{ key: 1, value: Buffer.from('0100000000000000', 'hex') }],
  upper_bounds: [{ key: 1, value: Buffer.from('ffffffffffffff7f', 'hex') }],
  key_metadata: null,
  split_offsets: null,
  equality_ids: null,
  sort_order_id: 0,
}

const added: ManifestEntry = {
  status: entryStatus.added,
  snapshot_id: snapshot.snapshotId,
  sequence_number: null,
  file_sequence_number: null,
  data_file: file,
}

describe('manifests', () => {
  it('are read as they were written, int64 included, with the numbers they inherit', () => {
    const bytes = plain.write([added])
    const line = plain.line({ path: 'file:///m.avro', bytes }, snapshot, [added])
    expect(readLiveEntries(bytes, line)).toEqual([
      { ...added, sequence_number: 7n, file_sequence_number: 7n },
    ])
  })

  it('hide files that were deleted', () => {
    const deleted = { ...added, status: entryStatus.deleted }
    const bytes = plain.write([deleted, added])
    const line = plain.line({ path: 'file:///m.avro', bytes }, snapshot, [added])
    expect(readLiveEntries(bytes, line)).toHaveLength(1)
  })
})

describe('manifests of a partitioned table', () => {
  const filed = (at_day: number | null, id_bucket: number): ManifestEntry => ({
    ...added,
    data_file: { ...file, partition: { at_day, id_bucket } },
  })

  it('hold each file with its partition', () => {
    const entries = [filed(-1, 3), filed(null, 0)]
    const bytes = partitioned.write(entries)
    const line = partitioned.line({ path: 'm', bytes }, snapshot, entries)
    expect(readLiveEntries(bytes, line).map(({ data_file }) => data_file.partition)).toEqual([
      { at_day: -1, id_bucket: 3 },
      { at_day: null, id_bucket: 0 },
    ])
  })

  it('are summarised in the list by the bounds of their partitions', () => {
    const line = partitioned.line({ path: 'm', bytes: Buffer.alloc(1) }, snapshot, [
      filed(-1, 3),
      filed(null, 0),
      filed(5, 1),
    ])
    const bound = (text: string) => Buffer.from(text, 'hex')
    const none = { contains_nan: null }
    expect(line).toMatchObject({ partition_spec_id: 1 })
    expect(line.partitions).toEqual([
      {
        ...{ ...none, contains_null: true },
        ...{ lower_bound: bound('ffffffff'), upper_bound: bound('05000000') },
      },
      {
        ...{ ...none, contains_null: false },
        ...{ lower_bound: bound('00000000'), upper_bound: bound('03000000') },
      },
    ])
    const list = writeManifestList([line], { ...snapshot, parentSnapshotId: null })
    expect(readManifestList(list)).toEqual([line])
  })

  it('refuse a file of another spec', () => {
    const stranger = { ...added, data_file: { ...file, partition: { region: 'eu' } } }
    expect(() => partitioned.write([stranger])).toThrow(/spec 1 has no field region/)
  })
})

describe('manifest lists', () => {
  it('are read as they were written', () => {
    const bytes = plain.write([added])
    const line = plain.line({ path: 'file:///m.avro', bytes }, snapshot, [added])
    const list = writeManifestList([line], { ...snapshot, parentSnapshotId: null })
    expect(readManifestList(list)).toEqual([line])
  })

  it('count a carried file as existing, with its older sequence number as the least', () => {
    const carried = { ...added, status: entryStatus.existing, sequence_number: 3n }
    const line = plain.line({ path: 'm', bytes: Buffer.alloc(5) }, snapshot, [carried])
    expect(line).toMatchObject({
      added_files_count: 0,
      existing_files_count: 1,
      existing_rows_count: file.record_count,
      min_sequence_number: 3n,
      sequence_number: 7n,
    })
  })
})

describe('Avro files', () => {
  const recordSchema = {
    type: 'record',
    name: 'r',
    fields: [{ name: 'id', type: ['null', 'long'], default: null }],
  }
  const small = writeAvroFile(metadataType(recordSchema), recordSchema, [{ id: -5n }], {})

  it.each([
    ['\x0edeflate', deflateRawSync],
    ['\x12zstandard', zstdCompressSync],
  ])('compressed by another engine (%j) are read', (codec, compress) => {
    expect(readAvroFile(compressed(small, codec, compress))).toEqual([{ id: -5n }])
  })

  it('compressed by an unknown codec are refused', () => {
    const snappy = compressed(small, '\x0csnappy', (body) => body)
    expect(() => readAvroFile(snappy)).toThrow('codec snappy')
  })

  it('that end in the middle are refused', () => {
    expect(() => readAvroFile(small.subarray(0, -17))).toThrow(/truncated/)
  })

  /** The same file with its one block (count 1, size 2) compressed. */
  function compressed(bytes: Buffer, codec: string, compress: (body: Buffer) => Buffer): Buffer {
    const [sync, body] = [bytes.subarray(-16), bytes.subarray(-18, -16)]
    const packed = compress(body)
    const head = bytes.subarray(0, -20).toString('latin1').replace('\x08null', codec)
    const counts = Buffer.from([2, packed.length * 2])
    return Buffer.concat([Buffer.from(head, 'latin1'), counts, packed, sync])
  }
})
