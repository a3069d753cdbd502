import { LakehouseError } from '../errors.ts'
import { encodeBound } from './bounds.ts'
import { avroName, type PartitionColumn } from './partition-spec.ts'
import type { Value } from './row.ts'
import type { PrimitiveType } from './schema.ts'

/** A partition field in the Avro schema of manifests. */
export type AvroField = {
  readonly id: number
  readonly name: string
  readonly type: string | object
}

/** The summary of a manifest's partitions in the manifest list, one per field. */
export type PartitionSummary = {
  readonly contains_null: boolean
  readonly contains_nan: boolean | null
  readonly lower_bound: Buffer | null
  readonly upper_bound: Buffer | null
}

const avroTypes: Readonly<Record<string, string | object>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
  string: 'string',
  binary: 'bytes',
  date: { type: 'int', logicalType: 'date' },
  time: { type: 'long', logicalType: 'time-micros' },
  timestamp: { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': false },
  timestamptz: { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': true },
}

/** The partition's record in Avro (Iceberg spec, appendix A). @throws LakehouseError FORMAT_UNSUPPORTED */
export function avroFieldsOf(columns: readonly PartitionColumn[]): readonly AvroField[] {
  return columns.map(({ id, name, transform: { resultType } }) => {
    const type = avroTypes[resultType]
    if (type !== undefined) return { id, name: avroName(name), type }
    const message = `a partition of type ${resultType} is not written (${name})`
    throw new LakehouseError('FORMAT_UNSUPPORTED', message)
  })
}

/** Bounds of the values that occur, so that a reader can skip whole manifests. */
export function partitionSummaries(
  columns: readonly PartitionColumn[],
  partitions: readonly Readonly<Record<string, unknown>>[],
): readonly PartitionSummary[] {
  return columns.map(({ name, transform: { resultType } }) => {
    const values = partitions.map((partition) => (partition[avroName(name)] ?? null) as Value)
    const present = values.filter((value) => value !== null && !Number.isNaN(value))
    const sorted = present.toSorted((one, other) => compare(one, other))
    const isNumber = resultType === 'float' || resultType === 'double'
    return {
      contains_null: values.includes(null),
      contains_nan: isNumber ? values.some((value) => Number.isNaN(value)) : null,
      lower_bound: boundOf(resultType, sorted[0]),
      upper_bound: boundOf(resultType, sorted.at(-1)),
    }
  })
}

function boundOf(type: PrimitiveType, value: Value | undefined): Buffer | null {
  return value === undefined || value === null ? null : encodeBound(type, value)
}

function compare(one: Value, other: Value): number {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other)
  if (typeof one === 'string' && typeof other === 'string') {
    return Buffer.compare(Buffer.from(one), Buffer.from(other))
  }
  return (one as number) < (other as number) ? -1 : 1
}
