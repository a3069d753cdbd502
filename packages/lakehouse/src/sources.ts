import type { Catalog } from './catalog.ts'
import { parseJson, writeJson } from './json.ts'
import type { TableIdentifier } from './metadata.ts'
import { listTables } from './query.ts'

/** Which snapshots of other tables a table is made of, by the tables' names (`bronze.orders_order_v1`). */
export type Sources = Readonly<Record<string, bigint>>

/** The table's property, and the snapshot's summary, that say it; set in the commit that also brings the rows. */
export const sourcesProperty = 'ten-seams.sources'

export function readSources(properties: Readonly<Record<string, string>>): Sources {
  const text = properties[sourcesProperty]
  if (text === undefined) return {}
  const ids = Object.entries(parseJson(text) as Readonly<Record<string, number | bigint>>)
  return Object.fromEntries(ids.map(([name, id]) => [name, BigInt(id)]))
}

export function writeSources(sources: Sources): string {
  return writeJson(sources)
}

/**
 * The snapshots of a table up to which others were made of it: they and all newer ones are still needed.
 *
 * @throws LakehouseError when the catalogue cannot say: then nobody may take it that none is.
 */
export async function pinnedBy(
  catalog: Catalog,
  { namespace, name }: TableIdentifier,
): Promise<readonly bigint[]> {
  const others = await listTables(catalog)
  const loaded = await Promise.all(others.map((other) => catalog.loadTable(other)))
  const pins = loaded.map(({ properties }) => readSources(properties)[`${namespace}.${name}`])
  return pins.filter((pin) => pin !== undefined)
}
