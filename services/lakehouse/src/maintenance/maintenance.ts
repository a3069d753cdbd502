import {
  fullName,
  type TableIdentifier,
  type TableMetadata,
} from '@tenseams/iceberg/format/metadata'
import { type CompactionPolicy, compact } from '@tenseams/iceberg/maintain/compaction'
import { isOurs, removeOrphans } from '@tenseams/iceberg/maintain/orphans'
import type { Listing, Storage } from '@tenseams/iceberg/storage'
import { listTables } from '@tenseams/iceberg/table/list-tables'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { Periodic } from '@tenseams/service/periodic'
import type { Log } from '@tenseams/telemetry/log'
import { Looks } from '../looks.ts'
import type { LakehouseMetrics } from '../metrics.ts'
import { ByteAllowance } from './byte-allowance.ts'
import { expireTable, expiryOf } from './expiry.ts'

/** Small files of a partition are compacted as soon as there are ten of about the same size. */
export const compactionPolicy: Omit<CompactionPolicy, 'mostBytes'> = {
  targetBytes: 67_108_864n,
  leastFiles: 10,
}

/** Twice the age of the oldest file that a writer of ours may still commit. */
export const orphanAgeMs = 3_600_000
const ORPHANS_INTERVAL_MS = 3_600_000

/** A table that had nothing to maintain is looked at again after so many rounds at most. */
const LONGEST_LOOK_ROUNDS = 4

const isExpired = (metadata: TableMetadata): boolean => expiryOf(metadata) !== undefined

const NAMESPACES: ReadonlySet<string> = new Set(['bronze', 'silver', 'gold'])

export type MaintenanceOptions = {
  readonly ports: AppendPorts & { readonly storage: Storage & Listing }
  /** From the end of a round to the start of the next. */
  readonly intervalMs: number
  /** How much compactions may read, over all tables. */
  readonly compactBytesPerMinute: number
  readonly metrics: LakehouseMetrics
  readonly log: Log
}

type Step = 'compact' | 'expire' | 'orphans'

/** How a table is created here; Flink creates its own without, and every commit would leave a metadata file for ever. */
const metadataProperties = {
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '5',
}

/**
 * Maintains the tables of the lake: compacts small files, expires old snapshots and removes files that nothing
 * refers to. Every step is safe while others write, while another instance does the same, and when it is killed: at most it
 * leaves an orphan. A step that fails is counted and logged, and done again in the next round.
 *
 * Of Flink's tables only snapshots are expired, but those that a restore needs (`neededByFlink`). After a restore Flink may
 * commit files of any age, which are orphans until then, so no file is removed because of its age. Nor are they compacted.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #allowance: ByteAllowance
  readonly #periodic: Periodic<void>
  readonly #orphansAtMs = new Map<string, number>()
  readonly #looks: Looks
  #rounds = 0

  constructor(options: MaintenanceOptions) {
    this.#options = options
    this.#allowance = new ByteAllowance(options.compactBytesPerMinute, Date.now())
    this.#looks = new Looks({
      shortestMs: options.intervalMs,
      longestMs: LONGEST_LOOK_ROUNDS * options.intervalMs,
      nowMs: () => Date.now(),
    })
    this.#periodic = new Periodic({
      work: () => this.round(),
      pauseMs: options.intervalMs,
      firstPauseMs: options.intervalMs,
      onError: (error) => options.log.warn({ err: error }, 'a maintenance round failed'),
    })
  }

  /** Begins with a pause, so that a service that restarts over and over does not only run maintenance. */
  start(): void {
    this.#periodic.start()
  }

  /** Returns when the step under way is done. */
  close(): Promise<void> {
    return this.#periodic.close()
  }

  /**
   * Maintains every table once; one that had nothing to maintain is passed over in some of the next rounds. Each round begins
   * with another table, so that none always finds the allowance spent.
   */
  async round(): Promise<void> {
    const tables = await this.#tables()
    const first = tables.length === 0 ? 0 : this.#rounds++ % tables.length
    for (const table of [...tables.slice(first), ...tables.slice(0, first)]) {
      const name = fullName(table)
      if (this.#looks.isDue(name)) {
        const isIdle = await this.#keepSmall(table)
        if (isIdle) this.#looks.foundNothing(name)
        else this.#looks.changed(name)
      }
      if (this.#areOrphansDue(table)) {
        await this.#step('orphans', table, undefined, isOurs, () => this.#removeOrphans(table))
      }
    }
  }

  /** Returns true when there was nothing to do. */
  async #keepSmall(table: TableIdentifier): Promise<boolean> {
    const before = await this.#step('compact', table, undefined, isOurs, (metadata) =>
      this.#compact(table, metadata),
    )
    // What was compacted has newer metadata.
    const after = await this.#step('expire', table, before.unchanged, isExpired, (metadata) =>
      this.#expire(table, metadata),
    )
    return before.unchanged !== undefined && after.unchanged !== undefined
  }

  async #tables(): Promise<readonly TableIdentifier[]> {
    try {
      const tables = await listTables(this.#options.ports.catalog)
      return tables.filter(({ namespace }) => NAMESPACES.has(namespace))
    } catch (error) {
      this.#failed('list', 'all', error)
      return []
    }
  }

  /**
   * @param known the table as it was read before; it is read when left out.
   * @param work returns true when it has changed the table.
   * @returns the table as it was read, unless it was changed or the step failed.
   */
  async #step(
    step: Step,
    table: TableIdentifier,
    known: TableMetadata | undefined,
    applies: (metadata: TableMetadata) => boolean,
    work: (metadata: TableMetadata) => Promise<boolean>,
  ): Promise<{ readonly unchanged?: TableMetadata }> {
    if (this.#periodic.signal.aborted) return {}
    // Prometheus sees no increase in a series that appears at 1.
    this.#options.metrics.maintenanceFailures.inc({ table: fullName(table), step }, 0)
    try {
      const metadata = known ?? (await this.#options.ports.catalog.loadTable(table))
      const hasChanged = applies(metadata) && (await work(metadata))
      return hasChanged ? {} : { unchanged: metadata }
    } catch (error) {
      this.#failed(step, fullName(table), error)
      return {}
    }
  }

  #failed(step: Step | 'list', table: string, error: unknown): void {
    const { metrics, log } = this.#options
    metrics.maintenanceFailures.inc({ table, step })
    log.warn({ table, step, err: error }, 'a maintenance step failed')
  }

  async #compact(table: TableIdentifier, metadata: TableMetadata): Promise<boolean> {
    const { ports, metrics, log } = this.#options
    const mostBytes = BigInt(this.#allowance.left(Date.now()))
    if (mostBytes === 0n) return false
    const policy = { ...compactionPolicy, mostBytes }
    const outcomes = await compact(ports, table, metadata, policy, this.#periodic.signal)
    for (const { bytes } of outcomes) this.#allowance.spend(Number(bytes))
    const done = outcomes.filter(({ kind }) => kind === 'committed')
    if (done.length === 0) return false
    const files = done.reduce((sum, one) => sum + one.files, 0)
    const bytes = done.reduce((sum, one) => sum + Number(one.bytes), 0)
    metrics.compactedBytes.inc({ table: fullName(table) }, bytes)
    log.info({ table: fullName(table), files, into: done.length, bytes }, 'small files compacted')
    return true
  }

  async #expire(table: TableIdentifier, metadata: TableMetadata): Promise<boolean> {
    const { ports, metrics, log } = this.#options
    const { catalog, storage } = ports
    const limited = await this.#limitMetadata(table, metadata)
    const { expired, files } = await expireTable({ catalog, storage }, table, limited)
    if (expired === 0) return limited !== metadata
    metrics.expiredSnapshots.inc({ table: fullName(table) }, expired)
    log.info({ table: fullName(table), expired, files }, 'old snapshots expired')
    return true
  }

  /** A table of ours has these properties from the start. */
  async #limitMetadata(table: TableIdentifier, metadata: TableMetadata): Promise<TableMetadata> {
    const lacks = Object.keys(metadataProperties).some((name) => !(name in metadata.properties))
    if (isOurs(metadata) || !lacks) return metadata
    const outcome = await this.#options.ports.catalog.commitTable(table, {
      requirements: [{ type: 'assert-table-uuid', uuid: metadata.tableUuid }],
      updates: [{ action: 'set-properties', updates: metadataProperties }],
    })
    if (outcome.kind !== 'committed') throw outcome.error
    return outcome.metadata
  }

  #areOrphansDue(table: TableIdentifier): boolean {
    const lastMs = this.#orphansAtMs.get(fullName(table)) ?? Number.NEGATIVE_INFINITY
    return Date.now() - lastMs >= ORPHANS_INTERVAL_MS
  }

  async #removeOrphans(table: TableIdentifier): Promise<boolean> {
    const { ports, metrics, log } = this.#options
    this.#orphansAtMs.set(fullName(table), Date.now())
    const { catalog, storage } = ports
    const removed = await removeOrphans({ catalog, storage }, table, { olderThanMs: orphanAgeMs })
    if (removed.length === 0) return false
    metrics.orphansRemoved.inc({ table: fullName(table) }, removed.length)
    log.info({ table: fullName(table), files: removed.length }, 'orphans removed')
    return true
  }
}
