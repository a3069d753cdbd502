import * as duckdb from '@duckdb/node-api'
import { type ColumnType, type Row, type TableName, tables } from './evidence-tables.ts'

const CHUNK_ROWS = 2_048

const duckTypes: Readonly<Record<ColumnType, duckdb.DuckDBType>> = {
  varchar: duckdb.VARCHAR,
  bigint: duckdb.BIGINT,
  boolean: duckdb.BOOLEAN,
}

/** The auditor's tables, in a DuckDB of this process; what does not fit into memory goes to its temporary files. */
export class Evidence {
  readonly #instance: duckdb.DuckDBInstance
  readonly #connection: duckdb.DuckDBConnection

  private constructor(instance: duckdb.DuckDBInstance, connection: duckdb.DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open(memoryLimit = '256MB'): Promise<Evidence> {
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: memoryLimit,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    const connection = await instance.connect()
    for (const [name, columns] of Object.entries(tables)) {
      const list = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`)
      await connection.run(`create table ${name} (${list.join(', ')})`)
    }
    return new Evidence(instance, connection)
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  /** Adds rows; a column that is left out is null. */
  async load<Table extends TableName>(table: Table, rows: readonly Row<Table>[]): Promise<void> {
    if (rows.length === 0) return
    const columns: readonly (readonly [string, ColumnType])[] = Object.entries(tables[table])
    const chunk = duckdb.DuckDBDataChunk.create(columns.map(([, type]) => duckTypes[type]))
    const appender = await this.#connection.createAppender(table)
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      const part: readonly Readonly<Record<string, unknown>>[] = rows.slice(
        start,
        start + CHUNK_ROWS,
      )
      chunk.reset()
      chunk.setColumns(columns.map(([name, type]) => part.map((row) => duckValue(type, row[name]))))
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
  }

  /** Copies the result of a DuckDB SELECT (over Parquet files, for instance), whose columns are in the table's order. */
  async loadFrom(table: TableName, select: string): Promise<void> {
    await this.#connection.run(`insert into ${table} ${select}`)
  }

  async clear(...names: readonly TableName[]): Promise<void> {
    for (const name of names) await this.#connection.run(`delete from ${name}`)
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql)
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return reader.getRowObjects()
  }
}

function duckValue(type: ColumnType, value: unknown): duckdb.DuckDBValue {
  if (value === null || value === undefined) return null
  if (type === 'varchar') return String(value)
  return type === 'boolean' ? value === true : BigInt(value as bigint)
}
