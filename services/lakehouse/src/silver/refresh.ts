import { fullName } from '@tenseams/iceberg/format/metadata'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import { overwrite } from '@tenseams/iceberg/write/overwrite'
import { loadIfThere, loadOrMake } from '../bronze/table-opening.ts'
import { Arrived } from './arrived.ts'
import { type DerivedTable, schemaOf } from './derived-table.ts'
import type { recordFirst } from './forgetful.ts'
import { planRefresh } from './refresh-plan.ts'

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
  /** A wrong way, for the proof that shows what it does (`forgetful.ts`). */
  readonly beforeRows?: typeof recordFirst
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
  const source = await loadIfThere(ports.catalog, derived.source)
  const first = await openDerived(ports, derived)
  if (source?.currentSnapshotId == null) return { kind: 'idle' }
  const plan = await planRefresh(
    ports.storage,
    first.metadata,
    derived.source,
    source,
    options.mostRows,
  )
  if (plan === undefined) return { kind: 'idle' }
  const base = (await options.beforeRows?.(ports, derived, first, plan.upTo)) ?? first
  const begunMs = Date.now()
  const arrived = await Arrived.take(ports, derived, base.metadata, plan)
  try {
    const { remove, files } = await arrived.rewrite()
    const sources = { [fullName(derived.source)]: plan.upTo }
    const outcome = await overwrite(ports, derived.table, base, {
      ...{ remove, rows: [], files, begunMs, sources },
    })
    if (outcome.kind === 'overtaken') return { kind: 'overtaken' }
    const isBehind = plan.upTo !== source.currentSnapshotId
    return { kind: 'refreshed', changes: arrived.changes, isBehind }
  } finally {
    await arrived.drop()
  }
}

async function openDerived({ catalog }: AppendPorts, derived: DerivedTable): Promise<AppendBase> {
  const { table, key, buckets, columns } = derived
  const schema = schemaOf(columns)
  const partitioning = [{ column: key, transform: `bucket[${buckets}]` }]
  const found = await loadOrMake(catalog, table, schema, partitioning)
  return baseOf(await ensureSchema(catalog, table, found, schema))
}
