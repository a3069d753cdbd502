import * as duckdb from '@duckdb/node-api'
import bindings from '@duckdb/node-bindings'
import { duckType } from '../duckdb-types.ts'
import type { Row } from '../format/row.ts'
import type { StructType } from '../format/schema.ts'
import { vectorWriterOf, type WriteVector } from './vectors.ts'

/** As many rows as one of DuckDB's vectors has. */
const CHUNK_ROWS = 2_048
const NAME = 'rows_of'

type Source = {
  readonly schema: StructType
  readonly rows: readonly Row[]
  readonly writers: readonly WriteVector[]
  next: number
  /** What a value was refused for; DuckDB passes on only the text. */
  error?: unknown
}

/**
 * A table function of a DuckDB by which it reads rows of this process, chunk by chunk, while it writes them to a file. So no
 * table holds a copy of them, and none is made and dropped for each commit.
 */
export class RowsFunction {
  readonly #sources = new Map<bigint, Source>()
  #lastId = 0n

  /** All connections of the instance share its functions, so call it once for each. */
  register(connection: duckdb.DuckDBConnection): void {
    const sourceOf = (bound: object | undefined): Source => (bound as { source: Source }).source
    connection.registerTableFunction(
      duckdb.DuckDBTableFunction.create({
        name: NAME,
        parameterTypes: [duckdb.BIGINT],
        bindFunction: (info) => {
          const source = this.#sources.get(info.getParameter(0) as bigint)
          if (source === undefined) return info.setError('these rows are not there any more')
          const { schema, rows } = source
          for (const { name, type } of schema.fields) info.addResultColumn(name, duckType(type))
          info.setCardinality(rows.length, true)
          info.setBindData({ source })
        },
        // Rows are written in their order.
        initFunction: (info) => info.setMaxThreads(1),
        mainFunction: (info, chunk) => {
          const source = sourceOf(info.bindData)
          try {
            fill(chunk, source)
          } catch (error) {
            source.error = error
            info.setError('a value cannot be written')
          }
        },
      }),
    )
  }

  /**
   * Calls `work` with the SQL of a relation of the rows, which may be read once.
   *
   * @throws what a value of the rows was refused for.
   */
  async using<Made>(
    schema: StructType,
    rows: readonly Row[],
    work: (relation: string) => Promise<Made>,
  ): Promise<Made> {
    this.#lastId += 1n
    const id = this.#lastId
    const writers = schema.fields.map(({ type }) => vectorWriterOf(type))
    const source: Source = { schema, rows, writers, next: 0 }
    this.#sources.set(id, source)
    try {
      return await work(`${NAME}(${id})`)
    } catch (error) {
      throw source.error ?? error
    } finally {
      this.#sources.delete(id)
    }
  }
}

/** Without rows it tells DuckDB that there are no more. */
function fill(chunk: duckdb.DuckDBDataChunk, source: Source): void {
  const part = source.rows.slice(source.next, source.next + CHUNK_ROWS)
  source.next += part.length
  chunk.rowCount = part.length
  if (part.length === 0) return
  for (const [index, { name }] of source.schema.fields.entries()) {
    const vector = bindings.data_chunk_get_vector(chunk.chunk, index)
    source.writers[index]?.(
      vector,
      part.map((row) => row[name]),
    )
  }
}
