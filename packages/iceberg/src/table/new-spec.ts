import { LakehouseError } from '../errors.ts'
import type { PartitionSpec } from '../format/metadata.ts'
import { avroFieldsOf } from '../format/partition-type.ts'
import type { StructType } from '../format/schema.ts'
import { transformOf } from '../format/transforms.ts'

/** Ids of partition fields begin here, so that they never equal a column's id. */
const FIRST_PARTITION_ID = 1_000

/** Partitioning of a new table: a column's name and a transform. */
export type Partitioning = { readonly column: string; readonly transform: string }

/**
 * The spec of a new table, with the ids of its schema.
 *
 * @throws LakehouseError FORMAT_UNSUPPORTED for a missing or nested column, and for a partition type that is not written.
 */
export function newSpec(schema: StructType, partitioning: readonly Partitioning[]): PartitionSpec {
  return {
    'spec-id': 0,
    fields: partitioning.map(({ column, transform }, index) => {
      const field = schema.fields.find(({ name }) => name === column)
      if (field === undefined || typeof field.type !== 'string') {
        const message = `the table cannot be partitioned by ${column}: it has no such plain column`
        throw new LakehouseError('FORMAT_UNSUPPORTED', message)
      }
      const suffix = transform === 'identity' ? '' : `_${transform.replace(/\[.*/, '')}`
      const id = FIRST_PARTITION_ID + index
      const name = `${column}${suffix}`
      // Throws now for what no manifest can hold, so that no table is created that accepts no rows.
      avroFieldsOf([{ id, name, transform: transformOf(transform, field.type), path: [column] }])
      return { 'source-id': field.id, 'field-id': id, name, transform }
    }),
  }
}
