import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine } from '../duckdb.ts'
import { fullName } from '../format/metadata.ts'
import { fileStorage } from '../storage.ts'
import type { AppendPorts } from '../write/append.ts'
import { MemoryCatalog } from './memory-catalog.ts'

/** A lake of a unit test: a catalogue in memory, and files in a folder of its own. */
export type OwnLake = {
  readonly catalogue: MemoryCatalog
  readonly ports: AppendPorts & { readonly storage: typeof fileStorage }
  readonly close: () => void
}

export async function openOwnLake(): Promise<OwnLake> {
  const folder = mkdtempSync(join(tmpdir(), 'own-lake-'))
  const catalogue = new MemoryCatalog((table) => `file://${folder}/${fullName(table)}`)
  const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
  return {
    catalogue,
    ports: { catalog: catalogue.client, storage: fileStorage, engine },
    close: () => {
      engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
