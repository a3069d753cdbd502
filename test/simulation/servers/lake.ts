import type { Engine } from '@tenseams/iceberg/duckdb'
import { LakehouseError } from '@tenseams/iceberg/errors'
import type { Row } from '@tenseams/iceberg/format/row'
import type { StructType } from '@tenseams/iceberg/format/schema'
import type { Storage } from '@tenseams/iceberg/storage'
import { ConnectionLostError, type Network } from '../world/network.ts'

export type LakeRow = {
  readonly partition: number
  readonly offset: bigint
  readonly event: string
}

/** The table's files: metadata as bytes, data files as rows. */
export class Files {
  readonly bytes = new Map<string, Buffer>()
  readonly rows = new Map<string, readonly LakeRow[]>()
}

/** Durable when it returns; after a lost connection the file may exist nevertheless. */
export function storagePort(network: Network, files: Files): Storage {
  const ask = async <Value>(name: string, serve: () => Value): Promise<Value> => {
    try {
      return await network.call({ server: 'catalogue', name, serve })
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error
      throw new LakehouseError('STORAGE_FAILED', 'no answer', { cause: error })
    }
  }
  return {
    write: (uri, bytes) => ask('putFile', () => void files.bytes.set(uri, bytes)),
    appendLine: (uri, text) =>
      ask('putFile', () => {
        const before = files.bytes.get(uri) ?? Buffer.alloc(0)
        files.bytes.set(uri, Buffer.concat([before, Buffer.from(`\n${text}\n`)]))
      }),
    harden: async () => undefined,
    produce: async (uri, writer) => {
      const made = await writer(uri)
      await ask('putFile', () => undefined)
      return made
    },
    locate: (uri) => uri,
    read: (uri) => ask('getFile', () => bytesOf(files, uri)),
    remove: (uri) =>
      ask('removeFile', () => {
        files.bytes.delete(uri)
        files.rows.delete(uri)
      }),
  }
}

function bytesOf(files: Files, uri: string): Buffer {
  const bytes = files.bytes.get(uri)
  if (bytes === undefined) throw new LakehouseError('STORAGE_FAILED', `${uri} is not there`)
  return bytes
}

/** A stand-in for DuckDB: the rows that `writeParquet` makes a relation of become the rows of the file that it copies to. */
export function enginePort(files: Files): Engine {
  const relations = new Map<string, readonly LakeRow[]>()
  let made = 0
  const engine = {
    withRows: async <Made>(
      schema: StructType,
      rows: readonly Row[],
      work: (relation: string) => Promise<Made>,
    ): Promise<Made> => {
      made += 1
      const relation = `rows_of(${made})`
      relations.set(
        relation,
        rows.map((row) => lakeRow(schema, row)),
      )
      try {
        return await work(relation)
      } finally {
        relations.delete(relation)
      }
    },
    using: <Made>(work: (connection: unknown) => Promise<Made>): Promise<Made> =>
      work({
        runAndReadAll: async (copy: string) => {
          const [, relation = '', uri] = /^COPY \(FROM (.+)\) TO '([^']+)'/.exec(copy) ?? []
          const rows = relations.get(relation)
          if (uri === undefined || rows === undefined) {
            throw new Error(`the engine does not know ${copy}`)
          }
          files.rows.set(uri, [...rows])
          return { getRowObjects: () => [{ file_size_bytes: 1n, column_statistics: null }] }
        },
      }),
  }
  // DuckDB's own types are not modelled.
  return engine as unknown as Engine
}

/** By the order of the columns: tests call them differently. */
function lakeRow({ fields }: StructType, row: Row): LakeRow {
  const [partition, offset, event] = fields.map(({ name }) => row[name])
  return { partition: Number(partition), offset: BigInt(String(offset)), event: String(event) }
}
