import { setTimeout as delay } from 'node:timers/promises'
import { hasCode } from '@tenseams/iceberg/errors'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { machineMs } from '../clock.ts'
import { endsIn, type Layer, layers, type Sight, tables } from './sights.ts'

/** Bronze commits several times a second; silver and gold are made from it in rounds of seconds. */
const POLL_MS = 100
const POLLS_A_SLOW_LAYER = 5

/** A reader of the lake that asks the catalogue for new snapshots, and notes which events each of them has. */
export class LakeReader {
  readonly sights: Readonly<Record<Layer, Sight[]>> = { bronze: [], silver: [], gold: [] }
  readonly #catalog: Pick<Catalog, 'loadTable'>
  readonly #stopping = new AbortController()
  readonly #reading: Promise<void>

  constructor(catalog: Pick<Catalog, 'loadTable'>) {
    this.#catalog = catalog
    this.#reading = this.#read()
    // Whoever closes the reader gets the failure.
    this.#reading.catch(() => undefined)
  }

  /** Forgets what was seen before, except for the newest sights. */
  forget(): void {
    for (const layer of layers) this.sights[layer].splice(0, this.sights[layer].length - 1)
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#reading
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopping
    for (let poll = 0; !signal.aborted; poll += 1) {
      await this.#look(poll % POLLS_A_SLOW_LAYER === 0 ? layers : ['bronze'])
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Gold before silver before bronze, so that the source that a table names is already there. */
  async #look(wanted: readonly Layer[]): Promise<void> {
    const found: Partial<Record<Layer, TableMetadata>> = {}
    const seenMs = new Map<Layer, number>()
    for (const layer of layers.toReversed().filter((each) => wanted.includes(each))) {
      const metadata = await this.#load(tables[layer])
      if (metadata === undefined) continue
      found[layer] = metadata
      seenMs.set(layer, machineMs())
    }
    for (const [layer, atMs] of seenMs) {
      const ends = endsIn(layer, found)
      if (ends !== undefined) this.#note(layer, { atMs, ends })
    }
  }

  #note(layer: Layer, sight: Sight): void {
    const newest = this.sights[layer].at(-1)
    const isNew = [...sight.ends].some(([partition, end]) => newest?.ends.get(partition) !== end)
    if (isNew) this.sights[layer].push(sight)
  }

  /** A table that is not there yet has no rows. A catalogue that does not answer is asked again in the next round. */
  async #load(table: TableIdentifier): Promise<TableMetadata | undefined> {
    try {
      return await this.#catalog.loadTable(table)
    } catch (error) {
      if (hasCode(error, 'CATALOG_NOT_FOUND') || hasCode(error, 'CATALOG_UNAVAILABLE')) {
        return undefined
      }
      throw error
    }
  }
}
