import * as duckdb from '@duckdb/node-api'
import { type Engine, quoteText } from '../duckdb.ts'
import { LakehouseError } from '../errors.ts'
import { lowerBound, upperBound } from '../format/bounds.ts'
import type { ByColumn, DataFile } from '../format/manifest.ts'
import type { Row } from '../format/row.ts'
import {
  type ColumnType,
  type LeafColumn,
  leafColumns,
  matchType,
  type StructType,
} from '../format/schema.ts'
import type { Storage } from '../storage.ts'

/** The result of DuckDB's RETURN_STATS for one column, all of it text. */
type ColumnStatistics = ReadonlyMap<string, string>

/**
 * Writes the rows as one Parquet file (zstd, Iceberg's field ids) and returns its entry for a manifest, statistics
 * included. On return the file is durable. A crash in between leaves a file that nothing refers to.
 */
export async function writeParquet(
  ports: { readonly engine: Engine; readonly storage: Storage },
  file: { readonly uri: string; readonly schema: StructType; readonly rows: readonly Row[] },
): Promise<DataFile> {
  const { uri, schema, rows } = file
  const { engine, storage } = ports
  return engine.withRows(schema, rows, (relation) =>
    engine.using(async (connection) => {
      const copy = (path: string) => copyTo(connection, `(FROM ${relation})`, path, schema)
      const written = await storage.produce(uri, copy)
      return dataFileOf(uri, schema, rows.length, written)
    }),
  )
}

/**
 * Writes the rows of a SELECT as one Parquet file, within DuckDB's memory limit whatever their number; otherwise as
 * `writeParquet`. Its columns must be those of the schema, in order.
 */
export async function writeParquetFrom(
  ports: { readonly engine: Engine; readonly storage: Storage },
  file: { readonly uri: string; readonly schema: StructType; readonly sql: string },
): Promise<DataFile> {
  const { uri, schema, sql } = file
  return ports.engine.using(async (connection) => {
    await connection.run("SET TimeZone = 'UTC'")
    await connection.run(`CREATE TEMPORARY VIEW batch AS ${sql}`)
    const copy = (path: string) => copyTo(connection, 'batch', path, schema)
    const written = await ports.storage.produce(uri, copy)
    await connection.run('DROP VIEW batch')
    return dataFileOf(uri, schema, Number(written.rows), written)
  })
}

type Written = {
  readonly rows: bigint
  readonly bytes: bigint
  readonly statistics: ReadonlyMap<string, ColumnStatistics>
}

async function copyTo(
  connection: duckdb.DuckDBConnection,
  relation: string,
  path: string,
  schema: StructType,
): Promise<Written> {
  const options = [
    'FORMAT parquet',
    'COMPRESSION zstd',
    `FIELD_IDS {${schema.fields.map(({ name, id, type }) => fieldId(name, id, type)).join(', ')}}`,
    'RETURN_STATS',
    'USE_TMP_FILE false',
  ]
  const reader = await connection.runAndReadAll(
    `COPY ${relation} TO ${quoteText(path)} (${options.join(', ')})`,
  )
  const [row] = reader.getRowObjects()
  if (row === undefined || typeof row.file_size_bytes !== 'bigint') {
    throw new LakehouseError('STORAGE_FAILED', `${path}: DuckDB returned no statistics`)
  }
  const rows = typeof row.count === 'bigint' ? row.count : 0n
  return { rows, bytes: row.file_size_bytes, statistics: statisticsOf(row.column_statistics) }
}

function fieldId(name: string, id: number, type: ColumnType): string {
  const children = matchType<readonly string[]>(type, {
    primitive: () => [],
    struct: ({ fields }) => fields.map((field) => fieldId(field.name, field.id, field.type)),
    list: (list) => [fieldId('element', list['element-id'], list.element)],
    map: (map) => [
      fieldId('key', map['key-id'], map.key),
      fieldId('value', map['value-id'], map.value),
    ],
  })
  const quoted = quoteText(name)
  if (children.length === 0) return `${quoted}: ${id}`
  return `${quoted}: {__duckdb_field_id: ${id}, ${children.join(', ')}}`
}

function statisticsOf(value: unknown): ReadonlyMap<string, ColumnStatistics> {
  return new Map(
    textMap(value).map(([column, statistics]) => [
      column,
      new Map(textMap(statistics).map(([name, text]) => [name, String(text)])),
    ]),
  )
}

function textMap(value: unknown): readonly (readonly [string, unknown])[] {
  if (!(value instanceof duckdb.DuckDBMapValue)) return []
  return value.entries.map((entry) => [String(entry.key), entry.value])
}

function dataFileOf(uri: string, schema: StructType, rows: number, written: Written): DataFile {
  const columns = leafColumns(schema).map((column) => ({
    column,
    statistics: written.statistics.get(statisticsKey(column)) ?? new Map<string, string>(),
  }))
  const collect = <Value>(
    of: (statistics: ColumnStatistics, column: LeafColumn) => Value | undefined,
  ): ByColumn<Value> =>
    columns.flatMap(({ column, statistics }) => {
      const value = of(statistics, column)
      return value === undefined ? [] : [{ key: column.id, value }]
    })
  return {
    content: 0,
    file_path: uri,
    file_format: 'PARQUET',
    partition: {},
    record_count: BigInt(rows),
    file_size_in_bytes: written.bytes,
    column_sizes: collect((statistics) => long(statistics.get('column_size_bytes'))),
    value_counts: collect((statistics) => long(statistics.get('num_values'))),
    null_value_counts: collect((statistics) => long(statistics.get('null_count'))),
    nan_value_counts: null,
    lower_bounds: collect((statistics, column) =>
      boundOf(column, statistics.get('min'), lowerBound),
    ),
    upper_bounds: collect((statistics, column) =>
      boundOf(column, statistics.get('max'), upperBound),
    ),
    key_metadata: null,
    split_offsets: null,
    equality_ids: null,
    sort_order_id: 0,
  }
}

/** DuckDB names columns as quoted identifiers, joined by dots. */
function statisticsKey(column: LeafColumn): string {
  return column.path.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

function boundOf(
  column: LeafColumn,
  text: string | undefined,
  bound: (type: string, text: string) => Buffer | undefined,
): Buffer | undefined {
  return text === undefined || column.repeated ? undefined : bound(column.type, text)
}

function long(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text)
}
