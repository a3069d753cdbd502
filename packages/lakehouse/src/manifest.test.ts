import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { metadataType, readAvroFile, writeAvroFile } from './avro-file.ts'
import {
  type DataFile,
  entryStatus,
  type ManifestEntry,
  manifestLine,
  readLiveEntries,
  readManifestList,
  writeManifest,
  writeManifestList,
} from './manifest.ts'
import type { TableSchema } from './schema.ts'

const snapshot = { snapshotId: 9_223_372_036_854_775_807n, sequenceNumber: 7n }
const schema: TableSchema = {
  type: 'struct',
  'schema-id': 0,
  fields: [{ id: 1, name: 'id', required: false, type: 'long' }],
}

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
    const bytes = writeManifest([added], schema, 0)
    const line = manifestLine({ path: 'file:///m.avro', bytes, specId: 0 }, snapshot, [added])
    expect(readLiveEntries(bytes, line)).toEqual([
      { ...added, sequence_number: 7n, file_sequence_number: 7n },
    ])
  })

  it('hide files that were deleted', () => {
    const deleted = { ...added, status: entryStatus.deleted }
    const bytes = writeManifest([deleted, added], schema, 0)
    const line = manifestLine({ path: 'file:///m.avro', bytes, specId: 0 }, snapshot, [added])
    expect(readLiveEntries(bytes, line)).toHaveLength(1)
  })
})

describe('manifest lists', () => {
  it('are read as they were written', () => {
    const bytes = writeManifest([added], schema, 0)
    const line = manifestLine({ path: 'file:///m.avro', bytes, specId: 0 }, snapshot, [added])
    const list = writeManifestList([line], { ...snapshot, parentSnapshotId: null })
    expect(readManifestList(list)).toEqual([line])
  })

  it('count a carried file as existing, with its older sequence number as the least', () => {
    const carried = { ...added, status: entryStatus.existing, sequence_number: 3n }
    const line = manifestLine({ path: 'm', bytes: Buffer.alloc(5), specId: 0 }, snapshot, [carried])
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
  const plain = writeAvroFile(metadataType(recordSchema), recordSchema, [{ id: -5n }], {})

  it('compressed by a Java engine are read', () => {
    expect(readAvroFile(deflated(plain))).toEqual([{ id: -5n }])
  })

  it('that end in the middle are refused', () => {
    expect(() => readAvroFile(plain.subarray(0, -17))).toThrow(/truncated/)
  })

  /** The same file with its one block (count 1, size 2) compressed. */
  function deflated(bytes: Buffer): Buffer {
    const [sync, body] = [bytes.subarray(-16), bytes.subarray(-18, -16)]
    const packed = deflateRawSync(body)
    const head = bytes.subarray(0, -20).toString('latin1').replace('\x08null', '\x0edeflate')
    const counts = Buffer.from([2, packed.length * 2])
    return Buffer.concat([Buffer.from(head, 'latin1'), counts, packed, sync])
  }
})
