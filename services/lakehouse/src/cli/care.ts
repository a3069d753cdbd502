import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { LakehouseError } from '@tenseams/iceberg/errors'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { fullName } from '@tenseams/iceberg/format/metadata'
import { compact, planCompaction } from '@tenseams/iceberg/maintain/compaction'
import { planExpiry } from '@tenseams/iceberg/maintain/expire'
import { foreignFiles, removeForeign } from '@tenseams/iceberg/maintain/foreign'
import { removeOrphans } from '@tenseams/iceberg/maintain/orphans'
import { verifyTable } from '@tenseams/iceberg/maintain/verify'
import { unexplained } from '@tenseams/iceberg/offsets/explained'
import { pinnedBy } from '@tenseams/iceberg/offsets/sources'
import { fileStorage } from '@tenseams/iceberg/storage'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { listTables } from '@tenseams/iceberg/table/list-tables'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import { baseOf } from '@tenseams/iceberg/write/append'
import type { Logs } from '../bronze/table-opening.ts'
import { expireTable, expiryOf } from '../maintenance/expiry.ts'
import { compactionPolicy, orphanAgeMs } from '../maintenance/maintenance.ts'
import { compareLogs } from './logs.ts'
import { type LakeScreen, withEngine } from './screen.ts'

type Care = {
  readonly catalog: Catalog
  readonly table: TableIdentifier
  readonly dryRun: boolean
  readonly screen: LakeScreen
}

/** Somebody who asks for it wants every small file put together that can be. */
const compaction = { ...compactionPolicy, leastFiles: 2, mostBytes: 1_073_741_824n }
const MAX_RUNS = 1_000

/** `compact`: run after run, until no two small files of a partition could be one. */
export function compactNow({ catalog, table, dryRun, screen }: Care): Promise<ExitCode> {
  return withEngine(async (engine) => {
    const ports = { catalog, storage: fileStorage, engine }
    const plan = async () => {
      const metadata = await catalog.loadTable(table)
      const files = await liveFiles(fileStorage, metadata)
      return { metadata, files, groups: planCompaction(files, metadata.defaultSpecId, compaction) }
    }
    for (let run = 1; run <= MAX_RUNS; run++) {
      const { metadata, files, groups } = await plan()
      const small = groups.flat().length
      if (groups.length === 0) {
        screen.tell(`${fullName(table)}: ${files.length} files, nothing to put together`)
        return exitCodes.holds
      }
      screen.tell(`run ${run}: ${small} of ${files.length} files into ${groups.length}`)
      if (dryRun) return exitCodes.holds
      const outcomes = await compact(ports, table, metadata, compaction)
      const done = outcomes.filter(({ kind }) => kind === 'committed')
      const bytes = done.reduce((sum, one) => sum + one.bytes, 0n)
      screen.tell(`run ${run}: ${done.length} of ${groups.length} committed, ${bytes} bytes read`)
    }
    screen.tell(`others are always first: given up after ${MAX_RUNS} runs`)
    return exitCodes.undecided
  })
}

/** `expire`: every snapshot that the service's policy does not keep. */
export async function expireNow({ catalog, table, dryRun, screen }: Care): Promise<ExitCode> {
  const metadata = await catalog.loadTable(table)
  const writers = expiryOf(metadata)
  if (writers === undefined) {
    const message = `${fullName(table)}: its writer may need its snapshots, so none is let go here`
    throw new LakehouseError('CARE_REFUSED', message)
  }
  const expiry = { ...writers.policy, leastToExpire: 1 }
  const pinned = [...writers.needed, ...(await pinnedBy(catalog, table))]
  const pins =
    pinned.length === 0
      ? ''
      : `, and all since ${pinned.join(', ')}, which other tables or a restore need`
  const minutes = expiry.olderThanMs / 60_000
  screen.tell(
    `${fullName(table)}: ${metadata.snapshots.length} snapshots; what stays: the newest ${expiry.keepLast}, those of the last ${minutes} minutes${pins}`,
  )
  if (dryRun) {
    const plan = planExpiry(metadata, { ...expiry, pinned }, Date.now())
    screen.tell(`${plan.length} snapshots would go`)
    return exitCodes.holds
  }
  const ports = { catalog, storage: fileStorage }
  const { expired, files } = await expireTable(ports, table, metadata, expiry)
  screen.tell(`${expired} snapshots have gone, and ${files} files with them`)
  return exitCodes.holds
}

/** `orphans`: the files that nothing refers to, as rows, and away with them. */
export async function removeOrphansNow({
  catalog,
  table,
  dryRun,
  screen,
}: Care): Promise<ExitCode> {
  const ports = { catalog, storage: fileStorage }
  const files = await removeOrphans(ports, table, { olderThanMs: orphanAgeMs, dryRun })
  screen.show(
    files.map(({ uri, bytes, modifiedMs }) => ({
      file: uri.slice(uri.lastIndexOf('/') + 1),
      bytes,
      written: new Date(modifiedMs).toISOString(),
    })),
  )
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0n)
  const verb = dryRun ? 'would be removed' : 'were removed'
  screen.tell(
    `${fullName(table)}: ${files.length} files of ${bytes} bytes, older than ${orphanAgeMs / 60_000} minutes, ${verb}`,
  )
  return exitCodes.holds
}

/** `remove-foreign`: the files that another program added, and away with them. */
export function removeForeignNow({ catalog, table, dryRun, screen }: Care): Promise<ExitCode> {
  return withEngine(async (engine) => {
    const metadata = await catalog.loadTable(table)
    for (const what of unexplained(metadata)) screen.tell(what)
    if (dryRun) {
      const files = await foreignFiles(fileStorage, metadata)
      const rows = files.reduce((sum, file) => sum + file.record_count, 0n)
      screen.tell(`${files.length} files with ${rows} rows would be removed`)
      return exitCodes.holds
    }
    const done = await removeForeign({ catalog, storage: fileStorage, engine }, table, metadata)
    if (done === 'overtaken') {
      screen.tell('another writer committed first: nothing was changed, try again')
      return exitCodes.undecided
    }
    screen.tell(`${fullName(table)}: ${done.files} files with ${done.rows} rows were removed`)
    return exitCodes.holds
  })
}

/**
 * `verify`: one table or all of them, each from its metadata to its Parquet, and whether the topics' logs continue them.
 *
 * @param logs left out, they are not looked at.
 */
export function verifyNow(
  catalog: Catalog,
  table: TableIdentifier | undefined,
  screen: LakeScreen,
  logs?: Logs,
): Promise<ExitCode> {
  return withEngine(async (engine) => {
    const tables = table === undefined ? await listTables(catalog) : [table]
    const ports = { catalog, storage: fileStorage, engine }
    let broken = 0
    let unknown = 0
    for (const one of tables) {
      const found = await verifyTable(ports, one)
      const { snapshots, manifests, dataFiles, rows } = found
      const log = logs && (await compareLogs(baseOf(await catalog.loadTable(one)), logs))
      const breaks = [...found.breaks, ...(log?.kind === 'compared' ? log.breaks : [])]
      if (log?.kind === 'unknown') {
        screen.tell(log.reason)
        unknown++
      }
      const looked = `${rows} rows; ${snapshots} snapshots, ${manifests} manifests, ${dataFiles} data files`
      screen.tell(`${breaks.length === 0 ? 'whole ' : 'BROKEN'}  ${fullName(one)}: ${looked}`)
      for (const what of breaks) screen.tell(`        ${what}`)
      if (breaks.length > 0) broken++
    }
    screen.tell(`${tables.length - broken} of ${tables.length} tables are whole`)
    if (broken > 0) return exitCodes.refuted
    return unknown === 0 ? exitCodes.holds : exitCodes.undecided
  })
}
