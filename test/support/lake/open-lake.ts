import { Engine } from '@tenseams/iceberg/duckdb'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { ownLogin } from '../login.ts'

export type Lake = AppendPorts & { readonly storage: typeof fileStorage }

/** Opens what readers and writers of the lake need: an engine, an instance's catalogue and the local files. */
export async function openLake(catalogUrl: string, memoryLimit = '256MB'): Promise<Lake> {
  return {
    catalog: new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 }),
    storage: fileStorage,
    engine: await Engine.open({ memoryLimit, threads: 1 }),
  }
}

/** Drops a test's own namespaces with all their tables, and closes the engine. */
export async function closeLake(
  { catalog, engine }: Pick<AppendPorts, 'catalog' | 'engine'>,
  ...namespaces: readonly string[]
): Promise<void> {
  for (const namespace of namespaces) {
    for (const table of await catalog.listTables(namespace)) await catalog.dropTable(table)
  }
  engine.close()
}
