import { LakehouseError } from '../errors.ts'
import type { TableSchema } from './schema.ts'

/** A table's name in the catalogue. */
export type TableIdentifier = { readonly namespace: string; readonly name: string }

/** `namespace.name`: in SQL, in metrics, in messages, and in what a table records about its sources. */
export function fullName({ namespace, name }: TableIdentifier): string {
  return `${namespace}.${name}`
}

/** A partition spec as table metadata holds it (Iceberg spec, appendix C). One without fields is no partitioning. */
export type PartitionSpec = {
  readonly 'spec-id': number
  readonly fields: readonly PartitionField[]
}

export type PartitionField = {
  readonly 'source-id': number
  readonly 'field-id': number
  readonly name: string
  readonly transform: string
}

export type Snapshot = {
  readonly snapshotId: bigint
  readonly parentSnapshotId: bigint | null
  readonly sequenceNumber: bigint
  readonly timestampMs: number
  readonly manifestList: string
  readonly summary: Readonly<Record<string, string>>
  /** The table's schema at that time, if the writer recorded it. */
  readonly schemaId?: number | undefined
}

/** The metadata of one read of a table, as far as this library uses it. It is immutable. */
export type TableMetadata = {
  readonly tableUuid: string
  readonly formatVersion: number
  readonly location: string
  readonly lastSequenceNumber: bigint
  readonly lastColumnId: number
  readonly schema: TableSchema
  readonly schemas: readonly TableSchema[]
  readonly defaultSpecId: number
  readonly partitionSpecs: readonly PartitionSpec[]
  readonly currentSnapshotId: bigint | null
  readonly snapshots: readonly Snapshot[]
  /** Snapshots that a branch or a tag names, `main` among them. */
  readonly namedSnapshots: readonly bigint[]
  readonly properties: Readonly<Record<string, string>>
  /** The metadata file in the catalogue. */
  readonly metadataLocation: string | undefined
  /** Other files that the metadata names: its earlier versions, and statistics. */
  readonly otherFiles: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/** @throws LakehouseError CATALOG_ANSWER_UNREADABLE when a property is missing. */
export function parseMetadata(json: unknown, metadataLocation?: unknown): TableMetadata {
  const metadata = objectOf(json, 'metadata')
  const schemas = listOf(metadata, 'schemas') as readonly TableSchema[]
  const schemaId = numberOf(metadata, 'current-schema-id')
  const schema = schemas.find((candidate) => candidate['schema-id'] === schemaId)
  if (schema === undefined) throw unreadable(`schema ${schemaId}`)
  return Object.freeze({
    tableUuid: textOf(metadata, 'table-uuid'),
    formatVersion: numberOf(metadata, 'format-version'),
    location: textOf(metadata, 'location'),
    lastSequenceNumber: longOf(metadata, 'last-sequence-number') ?? 0n,
    lastColumnId: numberOf(metadata, 'last-column-id'),
    schema,
    schemas,
    defaultSpecId: numberOf(metadata, 'default-spec-id'),
    partitionSpecs: listOf(metadata, 'partition-specs') as readonly PartitionSpec[],
    currentSnapshotId: snapshotIdOf(metadata, 'current-snapshot-id'),
    snapshots: (listOf(metadata, 'snapshots', []) as readonly unknown[]).map(parseSnapshot),
    namedSnapshots: namedSnapshots(metadata),
    properties: (metadata.properties ?? {}) as Readonly<Record<string, string>>,
    metadataLocation: typeof metadataLocation === 'string' ? metadataLocation : undefined,
    otherFiles: [
      ...filesIn(metadata, 'metadata-log', 'metadata-file'),
      ...filesIn(metadata, 'statistics', 'statistics-path'),
      ...filesIn(metadata, 'partition-statistics', 'statistics-path'),
    ],
  })
}

export function currentSnapshot(
  metadata: Pick<TableMetadata, 'snapshots' | 'currentSnapshotId'>,
): Snapshot | undefined {
  return snapshotOf(metadata, metadata.currentSnapshotId)
}

export function snapshotOf(
  metadata: Pick<TableMetadata, 'snapshots'>,
  id: bigint | null,
): Snapshot | undefined {
  return metadata.snapshots.find((snapshot) => snapshot.snapshotId === id)
}

function parseSnapshot(json: unknown): Snapshot {
  const snapshot = objectOf(json, 'snapshot')
  return {
    snapshotId: longOf(snapshot, 'snapshot-id') ?? missing('snapshot-id'),
    parentSnapshotId: snapshotIdOf(snapshot, 'parent-snapshot-id'),
    sequenceNumber: longOf(snapshot, 'sequence-number') ?? 0n,
    timestampMs: numberOf(snapshot, 'timestamp-ms'),
    manifestList: textOf(snapshot, 'manifest-list'),
    summary: (snapshot.summary ?? {}) as Readonly<Record<string, string>>,
    schemaId: typeof snapshot['schema-id'] === 'number' ? snapshot['schema-id'] : undefined,
  }
}

function namedSnapshots(metadata: Json): readonly bigint[] {
  const refs = Object.values((metadata.refs ?? {}) as Json)
  return refs.map((ref) => longOf(objectOf(ref, 'refs'), 'snapshot-id') ?? missing('refs'))
}

function filesIn(metadata: Json, list: string, property: string): readonly string[] {
  return listOf(metadata, list, []).map((entry) => textOf(objectOf(entry, list), property))
}

/** Java writes -1 when there is no snapshot. */
function snapshotIdOf(json: Json, property: string): bigint | null {
  const id = longOf(json, property)
  return id === undefined || id === -1n ? null : id
}

function longOf(json: Json, property: string): bigint | undefined {
  const value = json[property]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  return missing(property)
}

function numberOf(json: Json, property: string): number {
  const value = json[property]
  return typeof value === 'number' ? value : missing(property)
}

function textOf(json: Json, property: string): string {
  const value = json[property]
  return typeof value === 'string' ? value : missing(property)
}

function listOf(json: Json, property: string, otherwise?: readonly unknown[]): readonly unknown[] {
  const value = json[property] ?? otherwise
  return Array.isArray(value) ? value : missing(property)
}

function objectOf(json: unknown, what: string): Json {
  if (typeof json !== 'object' || json === null) throw unreadable(what)
  return json as Json
}

function missing(property: string): never {
  throw unreadable(property)
}

function unreadable(what: string): LakehouseError {
  return new LakehouseError(
    'CATALOG_ANSWER_UNREADABLE',
    `table metadata: ${what} is missing or malformed`,
  )
}
