import { Engine } from '@tenseams/iceberg/duckdb'
import { fullName } from '@tenseams/iceberg/format/metadata'
import { compact } from '@tenseams/iceberg/maintain/compaction'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { pyiceberg } from '../../support/lake/pyiceberg.ts'
import { ownLogin } from '../../support/login.ts'
import { TABLE } from './records.ts'

const SMALL_FILES = { targetBytes: 4_000_000n, leastFiles: 2, mostBytes: 64_000_000n }

/**
 * Other writers that change the sinks' table meanwhile: a compaction, which replaces files, and pyiceberg, which sets a
 * property. Both make a sink's base stale, and neither moves an offset.
 */
export class OtherWriters {
  readonly #ports: AppendPorts
  readonly #catalogUrl: string
  #turns = 0
  #compactions = 0
  #properties = 0

  private constructor(ports: AppendPorts, catalogUrl: string) {
    this.#ports = ports
    this.#catalogUrl = catalogUrl
  }

  static async open(catalogUrl: string): Promise<OtherWriters> {
    const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 })
    const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    return new OtherWriters({ catalog, storage: fileStorage, engine }, catalogUrl)
  }

  /** Compacts, and every third time sets a property instead. */
  async interfere(): Promise<void> {
    this.#turns += 1
    if (this.#turns % 3 === 0) await this.#setProperty()
    else await this.#compact()
  }

  get haveInterfered(): boolean {
    return this.#compactions > 0 && this.#properties > 0
  }

  told(): string {
    return `${this.#compactions} compactions and ${this.#properties} properties of others`
  }

  close(): void {
    this.#ports.engine.close()
  }

  async #compact(): Promise<void> {
    const metadata = await this.#ports.catalog.loadTable(TABLE)
    const outcomes = await compact(this.#ports, TABLE, metadata, SMALL_FILES)
    this.#compactions += outcomes.filter(({ kind }) => kind === 'committed').length
  }

  async #setProperty(): Promise<void> {
    const table = fullName(TABLE)
    const properties = { 'comment-of-somebody': `${this.#turns}` }
    await pyiceberg(this.#catalogUrl, [{ do: 'set-properties', table, properties }])
    this.#properties += 1
  }
}
