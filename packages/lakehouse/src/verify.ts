import { type Engine, quoteText } from './duckdb.ts'
import { chainBreaks, history } from './history.ts'
import type { DataFile } from './manifest.ts'
import type { TableMetadata } from './metadata.ts'
import { verifyOffsets } from './offset-log.ts'
import { type References, referencesOf } from './references.ts'
import type { Storage } from './storage.ts'

/** What was looked at in a table, and what is not as it must be. */
export type TableCheck = {
  readonly snapshots: number
  readonly files: number
  readonly rows: bigint
  readonly breaks: readonly string[]
}

const FILES_A_QUERY = 200

/**
 * Checks a table from its files up: each that a snapshot refers to is there with its size and its number of rows, each
 * snapshot's totals are their sum, and offsets are an unbroken chain. Values of rows are not looked at.
 *
 * @throws LakehouseError STORAGE_FAILED when a manifest cannot be read: then nothing can be said of what it names.
 */
export async function verifyTable(
  { storage, engine }: { readonly storage: Storage; readonly engine: Engine },
  metadata: TableMetadata,
): Promise<TableCheck> {
  const references = await referencesOf(storage, metadata)
  const files = references.dataFiles
  const { there, breaks } = await compareWithFolder(storage, metadata, files)
  const proof = await verifyOffsets(storage, metadata)
  return {
    snapshots: metadata.snapshots.length,
    files: files.length,
    rows: sumOf(references.bySnapshot.at(-1)?.files ?? []),
    breaks: [
      ...breaks,
      ...(await compareRows({ storage, engine }, there)),
      ...compareTotals(references),
      ...chainBreaks(history(metadata)).map(
        ({ snapshotId, partition, expected, found }) =>
          `snapshot ${snapshotId} begins ${partition} at ${found}, expected ${expected}`,
      ),
      ...(proof?.breaks ?? []),
    ],
  }
}

async function compareWithFolder(
  storage: Storage,
  { location }: TableMetadata,
  files: readonly DataFile[],
) {
  const listed = await storage.list(location)
  const sizes = new Map(listed.map(({ uri, bytes }) => [storage.locate(uri), bytes]))
  const there: DataFile[] = []
  const breaks: string[] = []
  for (const file of files) {
    const bytes = sizes.get(storage.locate(file.file_path))
    if (bytes === undefined) breaks.push(`${file.file_path} is gone`)
    else if (BigInt(bytes) !== file.file_size_in_bytes) {
      breaks.push(`${file.file_path} has ${bytes} bytes, not ${file.file_size_in_bytes}`)
    } else there.push(file)
  }
  return { there, breaks }
}

async function compareRows(
  { storage, engine }: { readonly storage: Storage; readonly engine: Engine },
  files: readonly DataFile[],
): Promise<readonly string[]> {
  const breaks: string[] = []
  for (let start = 0; start < files.length; start += FILES_A_QUERY) {
    const part = files.slice(start, start + FILES_A_QUERY)
    const paths = part.map((file) => quoteText(storage.locate(file.file_path)))
    const sql = `SELECT file_name, num_rows FROM parquet_file_metadata([${paths.join(', ')}])`
    const reader = await engine.using((connection) => connection.runAndReadAll(sql))
    const found = new Map(reader.getRowsJS().map(([name, rows]) => [String(name), rows]))
    for (const file of part) {
      const rows = found.get(storage.locate(file.file_path))
      if (rows === file.record_count) continue
      breaks.push(`${file.file_path} has ${String(rows)} rows, not ${file.record_count}`)
    }
  }
  return breaks
}

function compareTotals({ bySnapshot }: References): readonly string[] {
  return bySnapshot.flatMap(({ snapshot: { snapshotId, summary }, files }) => {
    const totals = [
      ['total-data-files', BigInt(files.length)],
      ['total-records', sumOf(files)],
    ] as const
    return totals.flatMap(([name, expected]) => {
      const said = summary[name]
      if (said === undefined || BigInt(said) === expected) return []
      return [`snapshot ${snapshotId} says ${name} ${said}, its manifests ${expected}`]
    })
  })
}

function sumOf(files: readonly DataFile[]): bigint {
  return files.reduce((sum, file) => sum + file.record_count, 0n)
}
