import * as duckdb from '@duckdb/node-api'
import { sqlPrimitive } from './duckdb-types.ts'
import type { Row } from './format/row.ts'
import { type ColumnType, type Field, matchType, type StructType } from './format/schema.ts'
import { RowsFunction } from './write/rows-function.ts'

export type EngineOptions = { readonly memoryLimit: string; readonly threads: number }

/** An in-process DuckDB that writes and reads Parquet. It keeps no data between calls. */
export class Engine {
  readonly #instance: duckdb.DuckDBInstance
  readonly #rows = new RowsFunction()

  private constructor(instance: duckdb.DuckDBInstance) {
    this.#instance = instance
  }

  static async open(options: EngineOptions): Promise<Engine> {
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      threads: String(options.threads),
      memory_limit: options.memoryLimit,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // It takes an expression that occurs twice out of its TRY, and then the TRY does not catch its error (seen with 1.5.6).
      disabled_optimizers: 'common_subexpressions',
    })
    const engine = new Engine(instance)
    await engine.using(async (connection) => engine.#rows.register(connection))
    return engine
  }

  /** Opens a connection for `work` and closes it afterwards. */
  async using<Made>(work: (connection: duckdb.DuckDBConnection) => Promise<Made>): Promise<Made> {
    const connection = await this.#instance.connect()
    try {
      return await work(connection)
    } finally {
      connection.closeSync()
    }
  }

  /**
   * Calls `work` with the SQL of a relation of these rows, which may be read once.
   *
   * @throws LakehouseError FORMAT_UNSUPPORTED for a value that cannot be written.
   */
  withRows<Made>(
    schema: StructType,
    rows: readonly Row[],
    work: (relation: string) => Promise<Made>,
  ): Promise<Made> {
    return this.#rows.using(schema, rows, work)
  }

  close(): void {
    this.#instance.closeSync()
  }
}

/** DuckDB's SQL name of a column's type. */
export function sqlType(type: ColumnType): string {
  return matchType(type, {
    primitive: sqlPrimitive,
    struct: ({ fields }) => `STRUCT(${fields.map(sqlColumn).join(', ')})`,
    list: ({ element }) => `${sqlType(element)}[]`,
    map: ({ key, value }) => `MAP(${sqlType(key)}, ${sqlType(value)})`,
  })
}

export function sqlColumn(field: Field): string {
  return `${quoteName(field.name)} ${sqlType(field.type)}`
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`
