import { LakehouseError } from '../errors.ts'
import type { PartitionSpec } from '../format/metadata.ts'
import { avroFieldsOf } from '../format/partition-type.ts'
import type { StructType } from '../format/schema.ts'
import { transformOf } from '../format/transforms.ts'

/** Ids of partition fields begin here, so that they are never those of columns. */
const FIRST_PARTITION_ID = 1_000

/** How a new table is to be partitioned: a column by name, and a transform of it. */
export type Partitioning = { readonly column: string; readonly transform: string }

/**
 * The spec of a new table, by the ids of the schema that goes with it.
 *
 * @throws LakehouseError FORMAT_UNSUPPORTED for a column that is not there or nested, and for a partition that is not written.
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
      // Throws now for what no manifest could hold, so that nobody makes a table that takes no row.
      avroFieldsOf([{ id, name, transform: transformOf(transform, field.type), path: [column] }])
      return { 'source-id': field.id, 'field-id': id, name, transform }
    }),
  }
}
