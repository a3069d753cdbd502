import { LakehouseError } from '../errors.ts'
import { fullName, type TableIdentifier, type TableMetadata } from '../format/metadata.ts'
import type { Catalog } from '../table/catalog.ts'
import { loadTables } from '../table/list-tables.ts'

/**
 * The property of a table that is made from others: the snapshot of each up to which it is made, as
 * `{"bronze.orders_order_v1":"<snapshot id>", …}`. It is set by the commit that adds the rows, so that it is never ahead of
 * them nor behind.
 */
export const sourcesProperty = 'ten-seams.sources'

/** Snapshot ids by the full name of the source. */
export type Sources = Readonly<Record<string, bigint>>

/**
 * The sources that a table has recorded; empty for a table that is made from none.
 *
 * @throws LakehouseError FORMAT_UNSUPPORTED when the property is there and cannot be read.
 */
export function readSources(properties: TableMetadata['properties']): Sources {
  const text = properties[sourcesProperty]
  if (text === undefined) return {}
  const sources = jsonOf(text)
  if (typeof sources !== 'object' || sources === null || Array.isArray(sources)) {
    throw unreadable(text)
  }
  const entries = Object.entries(sources).map(([name, id]: [string, unknown]) => {
    // Int64 ids are written as text, because a JSON number would lose digits.
    if (typeof id !== 'string' || !/^\d{1,19}$/.test(id)) throw unreadable(text)
    return [name, BigInt(id)] as const
  })
  return Object.fromEntries(entries)
}

/** The value of the property. Equal sources give equal text. */
export function writeSources(sources: Sources): string {
  const names = Object.keys(sources).sort()
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, String(sources[name])])))
}

/**
 * The snapshots of a table up to which other tables are made. It must keep these and all newer ones, or the others must be
 * rebuilt. A table that is dropped meanwhile pins nothing.
 *
 * Recorded snapshots only move forward, so an old result keeps too much and never too little. The exception is a table that is
 * being made for the first time: let `olderThanMs` of an expiry be longer than that takes.
 *
 * @throws LakehouseError when the catalogue or one of its tables cannot be read: then nothing may be expired.
 */
export async function pinnedBy(
  catalog: Pick<Catalog, 'listNamespaces' | 'listTables' | 'loadTable'>,
  table: TableIdentifier,
): Promise<readonly bigint[]> {
  return (await allPins(catalog)).get(fullName(table)) ?? []
}

/** As `pinnedBy`, of every table at once, by its full name: each table of the catalogue is read. */
export async function allPins(
  catalog: Pick<Catalog, 'listNamespaces' | 'listTables' | 'loadTable'>,
): Promise<ReadonlyMap<string, readonly bigint[]>> {
  const pins = new Map<string, bigint[]>()
  for await (const { metadata } of loadTables(catalog)) {
    for (const [name, id] of Object.entries(readSources(metadata.properties))) {
      const known = pins.get(name) ?? []
      if (!known.includes(id)) known.push(id)
      pins.set(name, known)
    }
  }
  return pins
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unreadable(text, error)
  }
}

function unreadable(text: string, cause?: unknown): LakehouseError {
  const message = `${sourcesProperty} is no map of snapshot ids: ${text.slice(0, 200)}`
  return new LakehouseError('FORMAT_UNSUPPORTED', message, { cause })
}
