import type avro from 'avsc'
import { LakehouseError } from '../errors.ts'
import { metadataType, readAvroFile, writeAvroFile } from './avro-file.ts'
import { manifestEntrySchemaOf, manifestFileSchema } from './manifest-schema.ts'
import type { TableMetadata } from './metadata.ts'
import { type PartitionColumn, partitionColumns, specOf } from './partition-spec.ts'
import { type AvroField, avroFieldsOf, partitionSummaries } from './partition-type.ts'

export type ByColumn<Value> = readonly { readonly key: number; readonly value: Value }[]

/** A file of a table, with the field names of Iceberg's spec, because it is written as it is. */
export type DataFile = {
  /** 0 data, 1 position deletes, 2 equality deletes. */
  readonly content: number
  readonly file_path: string
  readonly file_format: string
  readonly partition: Readonly<Record<string, unknown>>
  readonly record_count: bigint
  readonly file_size_in_bytes: bigint
  readonly column_sizes: ByColumn<bigint> | null
  readonly value_counts: ByColumn<bigint> | null
  readonly null_value_counts: ByColumn<bigint> | null
  readonly nan_value_counts: ByColumn<bigint> | null
  readonly lower_bounds: ByColumn<Buffer> | null
  readonly upper_bounds: ByColumn<Buffer> | null
  readonly key_metadata: Buffer | null
  readonly split_offsets: readonly bigint[] | null
  readonly equality_ids: readonly number[] | null
  readonly sort_order_id: number | null
}

export const entryStatus = { existing: 0, added: 1, deleted: 2 } as const

export type ManifestEntry = {
  readonly status: number
  readonly snapshot_id: bigint | null
  readonly sequence_number: bigint | null
  readonly file_sequence_number: bigint | null
  readonly data_file: DataFile
}

/** One line of a manifest list. */
export type ManifestFile = {
  readonly manifest_path: string
  readonly manifest_length: bigint
  readonly partition_spec_id: number
  /** 0 data, 1 deletes. */
  readonly content: number
  readonly sequence_number: bigint
  readonly min_sequence_number: bigint
  readonly added_snapshot_id: bigint
  readonly added_files_count: number
  readonly existing_files_count: number
  readonly deleted_files_count: number
  readonly added_rows_count: bigint
  readonly existing_rows_count: bigint
  readonly deleted_rows_count: bigint
  readonly partitions: readonly unknown[] | null
  readonly key_metadata: Buffer | null
}

const listType = metadataType(manifestFileSchema)

type EntryType = { readonly schema: object; readonly type: avro.Type }

/** Cached by partition fields: creating an Avro type costs more than writing a manifest. There is one per partition spec. */
const entryTypes = new Map<string, EntryType>()

function entryTypeOf(partition: readonly AvroField[]): EntryType {
  const key = JSON.stringify(partition)
  const known = entryTypes.get(key)
  if (known !== undefined) return known
  const schema = manifestEntrySchemaOf(partition)
  const made = { schema, type: metadataType(schema) }
  entryTypes.set(key, made)
  return made
}

/** Writes the manifests of one partition spec. */
export class ManifestFormat {
  readonly specId: number
  readonly #columns: readonly PartitionColumn[]
  readonly #names: ReadonlySet<string>
  readonly #type: avro.Type
  readonly #avroSchema: object
  readonly #header: Readonly<Record<string, string>>

  constructor(metadata: TableMetadata, specId: number) {
    this.specId = specId
    this.#columns = partitionColumns(metadata, specId)
    const fields = avroFieldsOf(this.#columns)
    this.#names = new Set(fields.map(({ name }) => name))
    const { schema, type } = entryTypeOf(fields)
    this.#avroSchema = schema
    this.#type = type
    this.#header = {
      schema: JSON.stringify(metadata.schema),
      'schema-id': String(metadata.schema['schema-id']),
      'partition-spec': JSON.stringify(specOf(metadata, specId).fields),
      'partition-spec-id': String(specId),
      'format-version': '2',
      content: 'data',
    }
  }

  /** The bytes of a data manifest. @throws LakehouseError FORMAT_UNSUPPORTED for a partition of another spec. */
  write(entries: readonly ManifestEntry[]): Buffer {
    for (const { data_file } of entries) {
      const unknown = Object.keys(data_file.partition).find((name) => !this.#names.has(name))
      if (unknown === undefined) continue
      const message = `${data_file.file_path}: spec ${this.specId} has no field ${unknown}`
      throw new LakehouseError('FORMAT_UNSUPPORTED', message)
    }
    return writeAvroFile(this.#type, this.#avroSchema, entries, this.#header)
  }

  /** The line of a manifest that a snapshot adds. Files kept from earlier snapshots count as existing, removed ones as deleted. */
  line(
    manifest: { readonly path: string; readonly bytes: Buffer },
    snapshot: { readonly snapshotId: bigint; readonly sequenceNumber: bigint },
    entries: readonly ManifestEntry[],
  ): ManifestFile {
    const partitions = partitionSummaries(
      this.#columns,
      entries.map(({ data_file }) => data_file.partition),
    )
    return { ...manifestLine({ ...manifest, specId: this.specId }, snapshot, entries), partitions }
  }
}

export function writeManifestList(
  manifests: readonly ManifestFile[],
  snapshot: {
    readonly snapshotId: bigint
    readonly parentSnapshotId: bigint | null
    readonly sequenceNumber: bigint
  },
): Buffer {
  return writeAvroFile(listType, manifestFileSchema, manifests, {
    'snapshot-id': String(snapshot.snapshotId),
    'parent-snapshot-id': String(snapshot.parentSnapshotId),
    'sequence-number': String(snapshot.sequenceNumber),
    'format-version': '2',
  })
}

function manifestLine(
  manifest: { readonly path: string; readonly bytes: Buffer; readonly specId: number },
  snapshot: { readonly snapshotId: bigint; readonly sequenceNumber: bigint },
  entries: readonly ManifestEntry[],
): ManifestFile {
  const added = entries.filter((entry) => entry.status === entryStatus.added)
  const existing = entries.filter((entry) => entry.status === entryStatus.existing)
  const deleted = entries.filter((entry) => entry.status === entryStatus.deleted)
  const live = [...added, ...existing]
  const sequenceNumbers = live.map((entry) => entry.sequence_number ?? snapshot.sequenceNumber)
  return {
    manifest_path: manifest.path,
    manifest_length: BigInt(manifest.bytes.length),
    partition_spec_id: manifest.specId,
    content: 0,
    sequence_number: snapshot.sequenceNumber,
    min_sequence_number: least(sequenceNumbers, snapshot.sequenceNumber),
    added_snapshot_id: snapshot.snapshotId,
    added_files_count: added.length,
    existing_files_count: existing.length,
    deleted_files_count: deleted.length,
    added_rows_count: rowsOf(added),
    existing_rows_count: rowsOf(existing),
    deleted_rows_count: rowsOf(deleted),
    partitions: [],
    key_metadata: null,
  }
}

/** The lines of a manifest list, whichever engine wrote it. Lists of format v1 lack fields of v2 and get their defaults. */
export function readManifestList(bytes: Buffer): readonly ManifestFile[] {
  return readAvroFile(bytes).map((record) => {
    const line = record as Partial<ManifestFile> & Readonly<Record<string, unknown>>
    if (typeof line.manifest_path !== 'string') throw malformed('manifest list')
    return {
      manifest_path: line.manifest_path,
      manifest_length: line.manifest_length ?? 0n,
      partition_spec_id: line.partition_spec_id ?? 0,
      content: line.content ?? 0,
      sequence_number: line.sequence_number ?? 0n,
      min_sequence_number: line.min_sequence_number ?? 0n,
      added_snapshot_id: line.added_snapshot_id ?? 0n,
      added_files_count: line.added_files_count ?? 0,
      existing_files_count: line.existing_files_count ?? 0,
      deleted_files_count: line.deleted_files_count ?? 0,
      added_rows_count: line.added_rows_count ?? 0n,
      existing_rows_count: line.existing_rows_count ?? 0n,
      deleted_rows_count: line.deleted_rows_count ?? 0n,
      partitions: line.partitions ?? null,
      key_metadata: line.key_metadata ?? null,
    }
  })
}

/**
 * The entries of a manifest whose files are still in the table, with the values inherited from its line filled in
 * (Iceberg spec, "Sequence Number Inheritance").
 */
export function readLiveEntries(bytes: Buffer, line: ManifestFile): readonly ManifestEntry[] {
  return readEntries(bytes, line).filter((entry) => entry.status !== entryStatus.deleted)
}

/** As `readLiveEntries`, and the files that the manifest's snapshot removed. */
export function readEntries(bytes: Buffer, line: ManifestFile): readonly ManifestEntry[] {
  const entries = readAvroFile(bytes).map((record) => record as ManifestEntry)
  return entries.map((entry) => ({
    ...entry,
    snapshot_id: entry.snapshot_id ?? line.added_snapshot_id,
    sequence_number: entry.sequence_number ?? line.sequence_number,
    file_sequence_number: entry.file_sequence_number ?? line.sequence_number,
    data_file: readDataFile(entry.data_file),
  }))
}

function readDataFile(file: Partial<DataFile>): DataFile {
  if (file.file_path === undefined || file.file_format === undefined) throw malformed('manifest')
  if (file.record_count === undefined || file.file_size_in_bytes === undefined) {
    throw malformed('manifest')
  }
  return {
    content: file.content ?? 0,
    file_path: file.file_path,
    file_format: file.file_format,
    partition: file.partition ?? {},
    record_count: file.record_count,
    file_size_in_bytes: file.file_size_in_bytes,
    column_sizes: file.column_sizes ?? null,
    value_counts: file.value_counts ?? null,
    null_value_counts: file.null_value_counts ?? null,
    nan_value_counts: file.nan_value_counts ?? null,
    lower_bounds: file.lower_bounds ?? null,
    upper_bounds: file.upper_bounds ?? null,
    key_metadata: file.key_metadata ?? null,
    split_offsets: file.split_offsets ?? null,
    equality_ids: file.equality_ids ?? null,
    sort_order_id: file.sort_order_id ?? null,
  }
}

function rowsOf(entries: readonly ManifestEntry[]): bigint {
  return entries.reduce((sum, entry) => sum + entry.data_file.record_count, 0n)
}

function least(numbers: readonly bigint[], otherwise: bigint): bigint {
  let low = otherwise
  for (const number of numbers) if (number < low) low = number
  return low
}

function malformed(file: string): LakehouseError {
  return new LakehouseError('FORMAT_UNSUPPORTED', `${file}: a required field is missing`)
}
