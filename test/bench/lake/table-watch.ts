import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseJson } from '@tenseams/iceberg/format/json'
import { parseMetadata, type TableMetadata } from '@tenseams/iceberg/format/metadata'

/** A table's contents after each snapshot, in order. */
export type Progress = { readonly rows: number; readonly files: number; readonly atMs: number }

/**
 * The newest metadata that the catalogue has written for a table, read from its file: a request would cost CPU time of the
 * catalogue in a contestant's turn. Where freshness is measured, the catalogue is asked.
 */
export function newestMetadata(location: string): TableMetadata | undefined {
  const folder = join(fileURLToPath(location), 'metadata')
  const names = readdirSync(folder).filter((name) => name.endsWith('.metadata.json'))
  for (const name of names.toSorted().toReversed()) {
    const metadata = readWhole(join(folder, name))
    if (metadata !== undefined) return metadata
  }
  return undefined
}

/** Skips a file that is being written, or that was deleted since the folder was listed. */
function readWhole(file: string): TableMetadata | undefined {
  try {
    return parseMetadata(parseJson(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

export function progressOf({ snapshots }: TableMetadata): readonly Progress[] {
  return snapshots
    .toSorted((a, b) => Number(a.sequenceNumber - b.sequenceNumber))
    .map(({ summary, timestampMs }) => ({
      rows: Number(summary['total-records'] ?? 0),
      files: Number(summary['total-data-files'] ?? 0),
      atMs: timestampMs,
    }))
}

export function rowsIn(metadata: TableMetadata | undefined): number {
  return metadata === undefined ? 0 : (progressOf(metadata).at(-1)?.rows ?? 0)
}
