import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { currentSnapshot, fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import { chainBreaks } from '@tenseams/iceberg/offsets/chain'
import { unexplained } from '@tenseams/iceberg/offsets/explained'
import { type OffsetProof, verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { endOffsetsSummary } from '@tenseams/iceberg/offsets/offsets'
import { queryLake } from '@tenseams/iceberg/read/query'
import type { ScanOptions } from '@tenseams/iceberg/read/scan'
import { fileStorage } from '@tenseams/iceberg/storage'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { history } from '@tenseams/iceberg/table/history'
import { listTables } from '@tenseams/iceberg/table/list-tables'
import { baseOf } from '@tenseams/iceberg/write/append'
import type { Logs } from '../bronze/table-opening.ts'
import { compareLogs } from './logs.ts'
import { type LakeScreen, withEngine } from './screen.ts'
import { withViews } from './views.ts'

/** `tables`: each with its rows, files and newest snapshot. */
export async function showTables(catalog: Catalog, screen: LakeScreen): Promise<ExitCode> {
  const tables = await listTables(catalog)
  const rows = await Promise.all(tables.map((table) => describe(catalog, table)))
  screen.show(rows.toSorted((left, right) => (String(left.table) < String(right.table) ? -1 : 1)))
  return exitCodes.holds
}

async function describe(catalog: Catalog, table: TableIdentifier): Promise<Row> {
  const metadata = await catalog.loadTable(table)
  const snapshot = currentSnapshot(metadata)
  return {
    table: fullName(table),
    rows: BigInt(snapshot?.summary['total-records'] ?? 0),
    files: BigInt(snapshot?.summary['total-data-files'] ?? 0),
    snapshots: metadata.snapshots.length,
    committed: snapshot === undefined ? null : new Date(snapshot.timestampMs).toISOString(),
    location: metadata.location,
  }
}

/** `query`: DuckDB SQL over tables, now or as of an earlier time. */
export function showQuery(
  catalog: Catalog,
  sql: string,
  when: ScanOptions,
  screen: LakeScreen,
): Promise<ExitCode> {
  return withEngine(async (engine) => {
    screen.show(await queryLake({ catalog, storage: fileStorage, engine }, withViews(sql), when))
    return exitCodes.holds
  })
}

/** `history`: the snapshots of a table, whether its offsets are a chain without gaps, and whether the log continues them. */
export async function showHistory(
  catalog: Catalog,
  table: TableIdentifier,
  screen: LakeScreen,
  logs?: Logs,
): Promise<ExitCode> {
  const metadata = await catalog.loadTable(table)
  const snapshots = history(metadata)
  screen.show(
    snapshots.map(({ snapshotId, timestampMs, summary }) => ({
      snapshot: snapshotId,
      committed: new Date(timestampMs).toISOString(),
      operation: summary.operation ?? '',
      added: BigInt(summary['added-records'] ?? 0),
      total: BigInt(summary['total-records'] ?? 0),
      offsets: summary[endOffsetsSummary] ?? '',
    })),
  )
  const proof = await verifyOffsets(fileStorage, metadata)
  for (const line of proofLines(proof)) screen.tell(line)
  const chain = chainBreaks(snapshots).map(
    ({ snapshotId, partition, expected, found }) =>
      `snapshot ${snapshotId} begins ${partition} at ${found}, expected ${expected}`,
  )
  const log = logs && (await compareLogs(baseOf(metadata), logs))
  const ofLog = log?.kind === 'compared' ? log.breaks : []
  const breaks = [...chain, ...(proof?.breaks ?? []), ...unexplained(metadata), ...ofLog]
  for (const what of breaks) screen.tell(`broken: ${what}`)
  if (log?.kind === 'unknown') screen.tell(log.reason)
  if (breaks.length > 0) return exitCodes.refuted
  return log?.kind === 'unknown' ? exitCodes.undecided : exitCodes.holds
}

function proofLines(proof: OffsetProof | undefined): readonly string[] {
  if (proof === undefined) return ['the table has no log of offsets']
  const { commits, rows, unnamed, spans } = proof
  const verdict = proof.breaks.length === 0 ? 'no offset left out or taken twice' : 'broken'
  const ranges = Object.entries(spans).map(
    ([partition, { start, end }]) => `  ${partition} ${start}–${end}`,
  )
  const tries = unnamed === 0 ? '' : `, ${unnamed} failed attempts`
  return [`log of offsets: ${verdict}; ${commits} commits, ${rows} rows${tries}`, ...ranges]
}
