import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/lakehouse/append'
import { hasCode } from '@tenseams/lakehouse/errors'
import { ensureSchema } from '@tenseams/lakehouse/evolve'
import { history } from '@tenseams/lakehouse/history'
import { planIncremental } from '@tenseams/lakehouse/incremental'
import type { TableIdentifier, TableMetadata } from '@tenseams/lakehouse/metadata'
import { overwrite } from '@tenseams/lakehouse/overwrite'
import { planScan } from '@tenseams/lakehouse/scan'
import { readSources } from '@tenseams/lakehouse/sources'
import { loadOrMake } from '../table-opening.ts'
import { Arrived, type RefreshPlan } from './arrived.ts'
import { type DerivedTable, nameOf, schemaOf } from './derived-table.ts'

/** What came of one refresh of a table. */
export type Refresh =
  /** The source is not there yet, or has nothing new. */
  | { readonly kind: 'idle' }
  /** `isBehind`: the source has more than was taken in one go. */
  | { readonly kind: 'refreshed'; readonly changes: bigint; readonly isBehind: boolean }
  /** Another writer was first; the next refresh begins from what it left. */
  | { readonly kind: 'overtaken' }

export type RefreshOptions = {
  /** About how many of the source's rows are taken in one go. */
  readonly mostRows: bigint
  /** A wrong way, for the proof that shows what it does: called with the source's snapshot before rows are written. */
  readonly beforeRows?: (base: AppendBase, snapshotId: bigint) => Promise<AppendBase>
}

/**
 * Takes what came to the source since the snapshot that the table has recorded, and puts the touched buckets' files anew,
 * rows and recorded snapshot in one commit: exactly once from table to table, whatever is killed. A crash before the
 * commit leaves files that nothing refers to.
 *
 * When the way since the recorded snapshot is not known any more, or a snapshot of it took rows away, the table is made
 * anew from the whole source, in one commit as well.
 *
 * @throws LakehouseError: nothing is changed, or all of it; the next refresh finds out.
 */
export async function refresh(
  ports: AppendPorts,
  derived: DerivedTable,
  options: RefreshOptions,
): Promise<Refresh> {
  const source = await loadIfThere(ports, derived.source)
  if (source?.currentSnapshotId == null) return { kind: 'idle' }
  const first = await openDerived(ports, derived)
  const plan = await planRefresh(ports, first, derived, source, options.mostRows)
  if (plan === undefined) return { kind: 'idle' }
  const base = (await options.beforeRows?.(first, plan.upTo)) ?? first
  const arrived = await Arrived.take(ports, derived, base.metadata, plan)
  try {
    const { remove, files } = await arrived.rewrite()
    const sources = { [nameOf(derived.source)]: plan.upTo }
    const outcome = await overwrite(ports, derived.table, base, {
      ...{ remove, rows: [], files, sources },
    })
    if (outcome.kind === 'overtaken') return { kind: 'overtaken' }
    const isBehind = plan.upTo !== source.currentSnapshotId
    return { kind: 'refreshed', changes: arrived.changes, isBehind }
  } finally {
    await arrived.drop()
  }
}

export async function loadIfThere(
  { catalog }: Pick<AppendPorts, 'catalog'>,
  table: TableIdentifier,
): Promise<TableMetadata | undefined> {
  try {
    return await catalog.loadTable(table)
  } catch (error) {
    if (hasCode(error, 'CATALOG_NOT_FOUND')) return undefined
    throw error
  }
}

async function openDerived({ catalog }: AppendPorts, derived: DerivedTable): Promise<AppendBase> {
  const { table, key, buckets, columns } = derived
  const schema = schemaOf(columns)
  const partitioning = [{ column: key, transform: `bucket[${buckets}]` }]
  const found = await loadOrMake(catalog, table, schema, partitioning)
  return baseOf(await ensureSchema(catalog, table, found, schema))
}

async function planRefresh(
  { storage }: AppendPorts,
  { metadata }: AppendBase,
  derived: DerivedTable,
  source: TableMetadata,
  mostRows: bigint,
): Promise<RefreshPlan | undefined> {
  const after = readSources(metadata.properties)[nameOf(derived.source)] ?? null
  if (after === source.currentSnapshotId) return undefined
  try {
    const upTo = boundedEnd(source, after, mostRows)
    const plan = await planIncremental(storage, source, { after, ...(upTo && { upTo }) })
    if (plan.upTo === null) return undefined
    if (plan.changes.every(({ kind }) => kind === 'append')) {
      const files = plan.changes.flatMap(({ added }) => added)
      return { files, schema: source.schema, upTo: plan.upTo, isAnew: false }
    }
  } catch (error) {
    if (!hasCode(error, 'SNAPSHOT_UNKNOWN')) throw error
  }
  const { files, snapshot } = await planScan(storage, source)
  return snapshot && { files, schema: source.schema, upTo: snapshot.snapshotId, isAnew: true }
}

/** The newest snapshot up to which no more rows came than are taken in one go; at least one. */
function boundedEnd(
  source: TableMetadata,
  after: bigint | null,
  mostRows: bigint,
): bigint | undefined {
  const snapshots = history(source)
  let rows = 0n
  let end: bigint | undefined
  for (const { snapshotId, summary } of snapshots.slice(
    snapshots.findIndex((one) => one.snapshotId === after) + 1,
  )) {
    rows += BigInt(summary['added-records'] ?? 0)
    if (end !== undefined && rows > mostRows) break
    end = snapshotId
  }
  return end
}
