import { quoteName, sqlType } from '@tenseams/iceberg/duckdb'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { ColumnType, Field, StructType } from '@tenseams/iceberg/format/schema'
import { Ids, withNewIds } from '@tenseams/iceberg/table/new-ids'

/** A column of a table that is made from another. */
export type DerivedColumn = {
  readonly name: string
  readonly type: ColumnType
  readonly required?: boolean
  readonly doc?: string
}

/** A table that is made from the new rows of another table, bucket by bucket. All strings are DuckDB SQL. */
export type DerivedTable = {
  readonly table: TableIdentifier
  readonly source: TableIdentifier
  readonly columns: readonly DerivedColumn[]
  /** The column that rows are bucketed by. Rows without it affect every bucket. */
  readonly key: string
  readonly buckets: number
  /**
   * Selects from the source's rows (a relation): the key's column and the columns that `fold` needs, `kafka_partition`,
   * `kafka_offset` and `log_epoch` of the record, and `reason`, which is null for a row that no gate rejects.
   */
  readonly changes: (source: string) => string
  /**
   * The new rows of a bucket, with the table's columns in order, from the rows it holds and the changes. It must be
   * idempotent and must not depend on the order: changes may arrive in any order, and more than once.
   */
  readonly fold: (parts: FoldParts) => string
  /** The same for rows without a key; left out where every row has one. */
  readonly foldKeyless?: (keyless: FoldParts['keyless']) => string
}

/** Relations. All but the last are limited to one bucket's keys. */
export type FoldParts = {
  /** The rows that the table holds. */
  readonly rows: string
  /** With the columns of `changes`, without the record's partition and offset, and without the reason. */
  readonly changes: string
  /** Rows of the table, and changes, without a key. */
  readonly keyless: { readonly rows: string; readonly changes: string }
}

/** The catalogue assigns ids of its own; these only tell columns apart. */
export function schemaOf(columns: readonly DerivedColumn[]): StructType {
  const ids = new Ids(columns.length)
  const fields = columns.map(
    ({ name, type, required = false, doc }, index): Field => ({
      id: index + 1,
      name,
      required,
      type: withNewIds(type, ids),
      ...(doc === undefined ? {} : { doc }),
    }),
  )
  return { type: 'struct', fields }
}

/** A list of structs, as a column's type. */
export function listOf(members: Readonly<Record<string, string>>): ColumnType {
  const fields = Object.entries(members).map(([name, type]) => ({
    ...{ id: 0, name, type },
    required: false,
  }))
  return {
    type: 'list',
    'element-id': 0,
    element: { type: 'struct', fields },
    'element-required': false,
  }
}

/** A SELECT with a schema's columns, each of its type. */
export function typedAs({ fields }: StructType, sql: string): string {
  const columns = fields.map(
    ({ name, type }) => `${quoteName(name)}::${sqlType(type)} AS ${quoteName(name)}`,
  )
  return `SELECT ${columns.join(', ')} FROM (${sql})`
}
