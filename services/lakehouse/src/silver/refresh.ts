import { fullName } from '@tenseams/iceberg/format/metadata'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import { overwrite } from '@tenseams/iceberg/write/overwrite'
import { loadIfThere, loadOrCreate } from '../bronze/table-opening.ts'
import { Arrived } from './arrived.ts'
import { type DerivedTable, schemaOf } from './derived-table.ts'
import { planRefresh, type RefreshPlan } from './refresh-plan.ts'

/** The result of one refresh of a table. */
export type Refresh =
  /** The source is not there yet, or has nothing new. */
  | { readonly kind: 'idle' }
  /** `isBehind`: the source has more rows than one refresh takes. */
  | { readonly kind: 'refreshed'; readonly changes: bigint; readonly isBehind: boolean }
  /** Another writer was first; the next refresh begins from what it left. */
  | { readonly kind: 'overtaken' }

/** What a refresh takes, and the state of the table that it is made for. */
export type Changes = {
  readonly base: AppendBase
  readonly plan: RefreshPlan
  /** The source has more than the plan takes. */
  readonly isBehind: boolean
}

/**
 * Takes what was added to the source since the snapshot that the table has recorded, and rewrites the files of the buckets
 * it touches; rows and recorded snapshot are one commit. So each row of the source counts exactly once, whatever is killed.
 * A crash before the commit leaves files that nothing refers to.
 *
 * When the snapshots since the recorded one have expired in part, or one of them removed rows, the table is rebuilt from
 * the whole source, also in one commit.
 *
 * @param mostRows about how many of the source's rows one refresh takes.
 * @throws LakehouseError: nothing is changed, or all of it; the next refresh finds out which.
 */
export async function refresh(
  ports: AppendPorts,
  derived: DerivedTable,
  mostRows: bigint,
): Promise<Refresh> {
  const changes = await findChanges(ports, derived, mostRows)
  return changes === undefined ? { kind: 'idle' } : applyChanges(ports, derived, changes)
}

/** Makes the table if it is missing. @returns `undefined` when the source is not there yet, or has nothing new. */
export async function findChanges(
  ports: AppendPorts,
  derived: DerivedTable,
  mostRows: bigint,
): Promise<Changes | undefined> {
  const source = await loadIfThere(ports.catalog, derived.source)
  const base = await openDerived(ports, derived)
  if (source?.currentSnapshotId == null) return undefined
  const plan = await planRefresh(ports.storage, base.metadata, derived.source, source, mostRows)
  return plan && { base, plan, isBehind: plan.upTo !== source.currentSnapshotId }
}

/** Commits the rows, and the snapshot of the source up to which they are made, in one. */
export async function applyChanges(
  ports: AppendPorts,
  derived: DerivedTable,
  { base, plan, isBehind }: Changes,
): Promise<Refresh> {
  const begunMs = Date.now()
  const arrived = await Arrived.take(ports, derived, base.metadata, plan)
  try {
    const { remove, files } = await arrived.rewrite()
    const sources = { [fullName(derived.source)]: plan.upTo }
    const outcome = await overwrite(ports, derived.table, base, {
      ...{ remove, rows: [], files, begunMs, sources },
    })
    if (outcome.kind === 'overtaken') return { kind: 'overtaken' }
    return { kind: 'refreshed', changes: arrived.changes, isBehind }
  } finally {
    await arrived.drop()
  }
}

async function openDerived({ catalog }: AppendPorts, derived: DerivedTable): Promise<AppendBase> {
  const { table, key, buckets, columns } = derived
  const schema = schemaOf(columns)
  const partitioning = [{ column: key, transform: `bucket[${buckets}]` }]
  const found = await loadOrCreate(catalog, table, schema, partitioning)
  return baseOf(await ensureSchema(catalog, table, found, schema))
}
