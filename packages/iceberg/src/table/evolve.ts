import { hasCode } from '../errors.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import type { StructType } from '../format/schema.ts'
import type { Catalog } from './catalog.ts'
import { Evolution, type EvolutionOptions, type EvolutionPlan } from './evolution.ts'

/** Enough for as many writers that start at once; a loser usually finds the winner's columns and nothing to do. */
const MAX_ATTEMPTS = 5

/**
 * Plans the table's schema so that rows of `wanted` fit. A known column keeps its id; it may be renamed, widened (`int` to
 * `long`, `float` to `double`, a decimal to a higher precision) and made optional. A new column gets an id that was never
 * used, so that no file has it, and is optional, because older rows lack it.
 *
 * Nothing that rows depend on is reverted: a column that `wanted` lacks stays (and becomes optional, because new rows lack
 * it), an optional one stays optional and a wide one wide. So an older writer changes nothing in a newer table.
 *
 * @returns undefined when nothing needs to change.
 * @throws LakehouseError SCHEMA_INCOMPATIBLE when no such change is possible.
 */
export function planEvolution(
  current: StructType,
  wanted: StructType,
  lastColumnId: number,
  options: EvolutionOptions = {},
): EvolutionPlan | undefined {
  const evolution = new Evolution(lastColumnId, options)
  const schema = evolution.struct(current, wanted, '')
  const { lastId, changes } = evolution
  return changes.length === 0 ? undefined : { schema, lastColumnId: lastId, changes }
}

/**
 * Commits that schema with a compare-and-set of its own. Of two processes that try, one wins; the other plans again on the
 * new schema, usually nothing. A crash leaves the table with the old schema or the new one,
 * and rows of either are read by both, because columns are known by id.
 *
 * @returns the metadata to build on; the one passed in when nothing had to change.
 * @throws LakehouseError SCHEMA_INCOMPATIBLE: a person must decide. CATALOG_CONFLICT, CATALOG_UNAVAILABLE and others:
 *   load the table and try again.
 */
export async function ensureSchema(
  catalog: Catalog,
  table: TableIdentifier,
  metadata: TableMetadata,
  wanted: StructType,
  options: Omit<EvolutionOptions, 'earlier'> = {},
): Promise<TableMetadata> {
  let base = metadata
  for (let attempt = 1; ; attempt++) {
    const earlier = base.schemas
    const plan = planEvolution(base.schema, wanted, base.lastColumnId, { ...options, earlier })
    if (plan === undefined) return base
    const outcome = await catalog.commitTable(table, schemaCommit(base, plan))
    if (outcome.kind === 'committed') return outcome.metadata
    if (attempt === MAX_ATTEMPTS || !hasCode(outcome.error, 'CATALOG_CONFLICT')) throw outcome.error
    base = await catalog.loadTable(table)
  }
}

function schemaCommit(base: TableMetadata, plan: EvolutionPlan) {
  // What else the schema holds (`identifier-field-ids`) would be lost with an `add-schema` that leaves it out.
  const schema = { ...base.schema, ...plan.schema }
  return {
    requirements: [
      { type: 'assert-table-uuid', uuid: base.tableUuid },
      { type: 'assert-current-schema-id', 'current-schema-id': base.schema['schema-id'] },
      { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': base.lastColumnId },
    ],
    updates: [
      { action: 'add-schema', schema, 'last-column-id': plan.lastColumnId },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
  }
}
