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

/** A table that is made from another table's new rows, bucket by bucket. All texts are DuckDB SQL. */
export type DerivedTable = {
  readonly table: TableIdentifier
  readonly source: TableIdentifier
  readonly columns: readonly DerivedColumn[]
  /** The column that rows are bucketed by. Rows without it concern every bucket. */
  readonly key: string
  readonly buckets: number
  /**
   * What is taken from the source's rows (a relation): the key's column and what `fold` wants, `kafka_partition` and
   * `kafka_offset` of the record, and `reason`, which is null for a row that may pass.
   */
  readonly changes: (source: string) => string
  /**
   * A bucket's rows anew, with the table's columns in order: what the table holds and what has come, in whatever order and
   * however often. Folding the same twice, or in another order, gives the same.
   */
  readonly fold: (parts: FoldParts) => string
  /** The same for rows without key; left out where no row is without. */
  readonly foldKeyless?: (keyless: FoldParts['keyless']) => string
}

/** Relations, each limited to a bucket's keys but the last. */
export type FoldParts = {
  /** What the table holds. */
  readonly rows: string
  /** With the columns of `changes` but the record's place and the reason. */
  readonly changes: string
  /** Rows of the table, and changes, that have no key. */
  readonly keyless: { readonly rows: string; readonly changes: string }
}

/** Ids are given anew by the catalogue; these only tell columns apart. */
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
