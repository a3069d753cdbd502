import type { DataFile } from '../format/manifest.ts'
import type { TableMetadata } from '../format/metadata.ts'
import { avroName, partitionColumns, specOf } from '../format/partition-spec.ts'
import type { Value } from '../format/row.ts'
import type { ColumnType, StructType } from '../format/schema.ts'
import { columnOf, type Filter, type FilterValue } from './prune.ts'

/** True when a file's partition may have a row that passes the filter, by the spec that the file was written with. */
export type PartitionMayHold = (file: DataFile, specId: number) => boolean

/**
 * Decides by buckets: a value is in one of them only. Partitions by other transforms are ranges of a column, and its
 * bounds tell at least as much (`pruner`).
 */
export function partitionPruner(
  metadata: TableMetadata,
  schema: StructType,
  filter: Filter,
): PartitionMayHold {
  const specs = new Map<number, (file: DataFile) => boolean>()
  return (file, specId) => {
    let mayHold = specs.get(specId)
    if (mayHold === undefined) {
      mayHold = ofSpec(metadata, schema, filter, specId)
      specs.set(specId, mayHold)
    }
    return mayHold(file)
  }
}

function ofSpec(
  metadata: TableMetadata,
  schema: StructType,
  filter: Filter,
  specId: number,
): (file: DataFile) => boolean {
  const { fields } = specOf(metadata, specId)
  if (!fields.some(({ transform }) => isBucket(transform))) return () => true
  const columns = partitionColumns(metadata, specId)
  const tests = filter.flatMap((condition) => {
    if (condition.op !== '=' && condition.op !== 'in') return []
    const { id, type } = columnOf(schema, condition.column)
    const values = (condition.op === 'in' ? condition.value : [condition.value]).map((value) =>
      hashable(type, value),
    )
    return fields.flatMap((field, index) => {
      const transform = columns[index]?.transform
      if (field['source-id'] !== id || !isBucket(field.transform) || !transform) return []
      const buckets = new Set<unknown>()
      for (const value of values) {
        if (value === undefined) return []
        buckets.add(transform.apply(value))
      }
      return [{ name: avroName(field.name), buckets }]
    })
  })
  return ({ partition }) =>
    tests.every(({ name, buckets }) => !(name in partition) || buckets.has(partition[name]))
}

const isBucket = (transform: string): boolean => transform.startsWith('bucket[')

/** The value as a row has it, if that is certain: only then does it have the row's hash. */
function hashable(type: ColumnType, value: FilterValue): Value | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'int':
    case 'long':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value)
      const whole = isWhole ? BigInt(value as number | bigint) : undefined
      return whole !== undefined && BigInt.asIntN(64, whole) === whole ? whole : undefined
    }
    default:
      return undefined
  }
}
