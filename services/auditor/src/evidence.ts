import * as duckdb from '@duckdb/node-api'
import { type ColumnType, type Row, type TableName, tables } from './evidence-tables.ts'

const CHUNK_ROWS = 2_048

const duckTypes: Readonly<Record<ColumnType, duckdb.DuckDBType>> = {
  varchar: duckdb.VARCHAR,
  bigint: duckdb.BIGINT,
  boolean: duckdb.BOOLEAN,
}

type Writer = {
  readonly chunk: duckdb.DuckDBDataChunk
  readonly appender: duckdb.DuckDBAppender
}

/** The auditor's tables, in a DuckDB of this process; what does not fit into memory goes to its temporary files. */
export class Evidence {
  readonly #instance: duckdb.DuckDBInstance
  readonly #connection: duckdb.DuckDBConnection
  readonly #writers = new Map<TableName, Writer>()

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
    // Only a database that is attached so is kept compressed in memory: most of its texts occur several times.
    await connection.run(`attach ':memory:' as evidence (compress); use evidence`)
    for (const [name, columns] of Object.entries(tables)) {
      const list = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`)
      await connection.run(`create table ${name} (${list.join(', ')})`)
    }
    return new Evidence(instance, connection)
  }

  close(): void {
    for (const { appender } of this.#writers.values()) appender.closeSync()
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  /** Adds rows; a column that is left out is null. */
  async load<Table extends TableName>(table: Table, rows: readonly Row<Table>[]): Promise<void> {
    if (rows.length === 0) return
    const columns: readonly (readonly [string, ColumnType])[] = Object.entries(tables[table])
    const { chunk, appender } = await this.#writerOf(table, columns)
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      const part: readonly Readonly<Record<string, unknown>>[] = rows.slice(
        start,
        start + CHUNK_ROWS,
      )
      chunk.reset()
      chunk.setColumns(columns.map(([name, type]) => part.map((row) => duckValue(type, row[name]))))
      appender.appendDataChunk(chunk)
    }
    appender.flushSync()
  }

  /**
   * Made once for each table: Node frees them when it collects its own garbage, and does not see that each has half a megabyte
   * outside of its heap.
   */
  async #writerOf(
    table: TableName,
    columns: readonly (readonly [string, ColumnType])[],
  ): Promise<Writer> {
    const known = this.#writers.get(table)
    if (known !== undefined) return known
    const made = {
      chunk: duckdb.DuckDBDataChunk.create(columns.map(([, type]) => duckTypes[type])),
      appender: await this.#connection.createAppender(table),
    }
    this.#writers.set(table, made)
    return made
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
