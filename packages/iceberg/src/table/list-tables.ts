import { hasCode } from '../errors.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import type { Catalog } from './catalog.ts'

/** Every table of the catalogue. */
export async function listTables(
  catalog: Pick<Catalog, 'listNamespaces' | 'listTables'>,
): Promise<readonly TableIdentifier[]> {
  const namespaces = await catalog.listNamespaces()
  const tables = await Promise.all(namespaces.map((namespace) => catalog.listTables(namespace)))
  return tables.flat()
}

/** Every table with its metadata; a table that is dropped meanwhile is left out. */
export async function* loadTables(
  catalog: Pick<Catalog, 'listNamespaces' | 'listTables' | 'loadTable'>,
): AsyncGenerator<{ readonly table: TableIdentifier; readonly metadata: TableMetadata }> {
  for (const table of await listTables(catalog)) {
    try {
      yield { table, metadata: await catalog.loadTable(table) }
    } catch (error) {
      if (!hasCode(error, 'CATALOG_NOT_FOUND')) throw error
    }
  }
}
