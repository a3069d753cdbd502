import { setTimeout as delay } from 'node:timers/promises'
import type { AppendPorts } from '@tenseams/lakehouse/append'
import { compact } from '@tenseams/lakehouse/compaction'
import { type ExpirePolicy, expire, planExpiry } from '@tenseams/lakehouse/expire'
import type { TableIdentifier } from '@tenseams/lakehouse/metadata'
import { removeOrphans } from '@tenseams/lakehouse/orphans'
import { pinnedBy } from '@tenseams/lakehouse/sources'
import type { MaintenanceMetrics } from './maintenance-metrics.ts'
import { loadIfThere } from './table-opening.ts'
import type { Log } from './table-sink.ts'

export type MaintenanceOptions = {
  readonly ports: AppendPorts
  /** Tables that this service writes. Flink's are left alone: its sink finds its last commit in old snapshots. */
  readonly tables: readonly TableIdentifier[]
  readonly intervalMs: number
  /** What compaction may read in a minute, over all tables. */
  readonly compactBytesPerMinute: number
  /** How old a file must be that nothing refers to. */
  readonly orphanAgeMs: number
  readonly metrics: MaintenanceMetrics
  readonly log: Log
}

const TARGET_BYTES = 64n * 1_048_576n
const LEAST_FILES = 8
const MS_A_MINUTE = 60_000
const ORPHANS_EVERY_MS = 3_600_000

/** As with bronze's own: whoever reads an old snapshot has five minutes. */
export const expiryPolicy: Omit<ExpirePolicy, 'pinned'> = {
  keepLast: 20,
  olderThanMs: 300_000,
  leastToExpire: 10,
}

/**
 * Keeps tables readable at little cost, round by round: small files are put together, old snapshots go that nobody needs, and
 * so do files that nobody refers to. Each step is a commit of the library or deletes only what nothing refers to, so a kill at any
 * moment leaves the tables as they were; a step that fails is done in a later round, and stops no other.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #orphansNotBefore: number
  /** Bytes that compaction may still read: they come back with time, and are never more than a minute's. */
  #allowance: number

  constructor(options: MaintenanceOptions) {
    this.#options = options
    this.#allowance = options.compactBytesPerMinute
    // Not at once: the start has other work.
    this.#orphansNotBefore = Date.now() + MS_A_MINUTE
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Ends after the step that is under way. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { intervalMs, compactBytesPerMinute } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await delay(intervalMs, undefined, { signal }).catch(() => undefined)
      const more = (compactBytesPerMinute * intervalMs) / MS_A_MINUTE
      this.#allowance = Math.min(compactBytesPerMinute, this.#allowance + more)
      await this.round()
    }
  }

  /** One round over all tables. */
  async round(): Promise<void> {
    const isTimeForOrphans = Date.now() >= this.#orphansNotBefore
    for (const table of this.#options.tables) {
      await this.#step(table, 'compact', () => this.#compact(table))
      await this.#step(table, 'expire', () => this.#expire(table))
      if (isTimeForOrphans) await this.#step(table, 'orphans', () => this.#removeOrphans(table))
    }
    if (isTimeForOrphans) this.#orphansNotBefore = Date.now() + ORPHANS_EVERY_MS
  }

  async #compact(table: TableIdentifier): Promise<void> {
    const { ports, metrics } = this.#options
    const metadata = await loadIfThere(ports.catalog, table)
    if (metadata === undefined || this.#allowance < 1) return
    const outcomes = await compact(ports, table, metadata, {
      ...{ targetBytes: TARGET_BYTES, leastFiles: LEAST_FILES },
      mostBytes: BigInt(Math.floor(this.#allowance)),
    })
    for (const { kind, metadata: after } of outcomes) {
      if (kind !== 'committed') continue
      const bytes = Number(after.snapshots.at(-1)?.summary['removed-files-size'] ?? 0)
      this.#allowance -= bytes
      metrics.compacted.inc({ table: nameOf(table) }, bytes)
    }
  }

  async #expire(table: TableIdentifier): Promise<void> {
    const { ports, metrics, log } = this.#options
    const metadata = await loadIfThere(ports.catalog, table)
    if (metadata === undefined) return
    if (planExpiry(metadata, { ...expiryPolicy, pinned: [] }, Date.now()).length === 0) return
    const pinned = await pinnedBy(ports.catalog, table)
    const { expired, files } = await expire(ports, table, metadata, { ...expiryPolicy, pinned })
    if (expired === 0) return
    metrics.expired.inc({ table: nameOf(table) }, expired)
    log.info({ table: nameOf(table), expired, files }, 'old snapshots expired')
  }

  async #removeOrphans(table: TableIdentifier): Promise<void> {
    const { ports, orphanAgeMs, metrics, log } = this.#options
    if ((await loadIfThere(ports.catalog, table)) === undefined) return
    const orphans = await removeOrphans(ports, table, { olderThanMs: orphanAgeMs })
    if (orphans.length === 0) return
    metrics.orphans.inc({ table: nameOf(table) }, orphans.length)
    log.info(
      { table: nameOf(table), files: orphans.length },
      'files that nothing refers to are gone',
    )
  }

  async #step(table: TableIdentifier, step: string, work: () => Promise<void>): Promise<void> {
    if (this.#stopping.signal.aborted) return
    try {
      await work()
    } catch (error) {
      this.#options.metrics.failures.inc({ table: nameOf(table), step })
      this.#options.log.warn({ table: nameOf(table), step, err: error }, 'done in a later round')
    }
  }
}

const nameOf = ({ namespace, name }: TableIdentifier): string => `${namespace}.${name}`
