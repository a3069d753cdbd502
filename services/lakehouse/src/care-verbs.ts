import type { AppendPorts } from '@tenseams/lakehouse/append'
import { compact } from '@tenseams/lakehouse/compaction'
import type { Row } from '@tenseams/lakehouse/duckdb'
import { expire } from '@tenseams/lakehouse/expire'
import type { TableIdentifier } from '@tenseams/lakehouse/metadata'
import { LEAST_ORPHAN_AGE_MS, removeOrphans } from '@tenseams/lakehouse/orphans'
import { listTables } from '@tenseams/lakehouse/query'
import { pinnedBy } from '@tenseams/lakehouse/sources'
import { verifyTable } from '@tenseams/lakehouse/verify'
import { expiryPolicy } from './maintenance.ts'

/** Where a verb puts what it has found, and what it is about to do. */
export type Telling = {
  readonly show: (rows: readonly Row[]) => void
  readonly say: (line: string) => void
}

const COMPACTION = { targetBytes: 67_108_864n, leastFiles: 2, mostBytes: 268_435_456n }

/** Puts a table's small files together until there is nothing left to put together. */
export async function compactTable(
  ports: AppendPorts,
  table: TableIdentifier,
  { show, say }: Telling,
): Promise<number> {
  const rows: Row[] = []
  for (let turn = 1; ; turn++) {
    const metadata = await ports.catalog.loadTable(table)
    const outcomes = await compact(ports, table, metadata, COMPACTION)
    const done = outcomes.filter(({ kind }) => kind === 'committed')
    rows.push(
      ...done.flatMap(({ metadata: { snapshots } }) => {
        const newest = snapshots.at(-1)
        if (newest === undefined) return []
        const { snapshotId, summary } = newest
        const files = BigInt(summary['deleted-data-files'] ?? 0)
        return [{ snapshot: snapshotId, files, bytes: BigInt(summary['removed-files-size'] ?? 0) }]
      }),
    )
    if (done.length === 0) break
    say(`round ${turn}: ${done.length} groups of files put together`)
  }
  show(rows)
  return 0
}

/** Lets old snapshots go that no other table is made up to. */
export async function expireTable(
  ports: AppendPorts,
  table: TableIdentifier,
  { show, say }: Telling,
): Promise<number> {
  const pinned = await pinnedBy(ports.catalog, table)
  for (const id of pinned) say(`snapshot ${id} and all newer ones stay: a table is made up to it`)
  const metadata = await ports.catalog.loadTable(table)
  const policy = { ...expiryPolicy, leastToExpire: 1, pinned }
  const { expired, files, metadata: after } = await expire(ports, table, metadata, policy)
  show([{ expired, files, kept: after.snapshots.length }])
  return 0
}

/** Removes files that nothing refers to, or with `dryRun` only shows them. */
export async function orphansOf(
  ports: AppendPorts,
  table: TableIdentifier,
  { dryRun, olderThanMs }: { readonly dryRun: boolean; readonly olderThanMs: number | undefined },
  { show, say }: Telling,
): Promise<number> {
  const age = olderThanMs ?? 4 * LEAST_ORPHAN_AGE_MS
  const orphans = await removeOrphans(ports, table, { olderThanMs: age, dryRun })
  say(
    `${orphans.length} files older than ${age / 60_000} minutes ${dryRun ? 'to remove' : 'removed'}`,
  )
  show(
    orphans.map(({ uri, bytes, changedMs }) => ({
      ...{ changed: new Date(changedMs).toISOString(), bytes, file: uri },
    })),
  )
  return 0
}

/** Checks one table or all, from the files up. */
export async function verifyTables(
  ports: AppendPorts,
  wanted: TableIdentifier | undefined,
  { show, say }: Telling,
): Promise<number> {
  const tables = wanted === undefined ? await listTables(ports.catalog) : [wanted]
  const rows: Row[] = []
  const breaks: string[] = []
  for (const table of tables) {
    const name = `${table.namespace}.${table.name}`
    say(`verifying ${name}`)
    const check = await verifyTable(ports, await ports.catalog.loadTable(table))
    const { snapshots, files } = check
    rows.push({ table: name, snapshots, files, rows: check.rows, breaks: check.breaks.length })
    breaks.push(...check.breaks.map((what) => `${name}: ${what}`))
  }
  show(rows)
  for (const what of breaks) say(`broken: ${what}`)
  return breaks.length === 0 ? 0 : 1
}
