import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { Periodic } from '@tenseams/service/periodic'
import type { Log } from '@tenseams/telemetry/log'
import { loadIfThere } from './bronze/table-opening.ts'
import type { Corrections, correct } from './gold/corrections.ts'
import { refreshGold, silverNow } from './gold/gold-table.ts'
import { goldTables, rejectedSql } from './gold/gold-tables.ts'
import type { LayerMetrics } from './layer-metrics.ts'
import { Looks } from './looks.ts'
import type { DerivedTable } from './silver/derived-table.ts'
import { quarantine } from './silver/quarantine.ts'
import type { refresh } from './silver/refresh.ts'

export type LayersOptions = {
  readonly ports: AppendPorts
  readonly silver: readonly DerivedTable[]
  /** Brings one table of silver up to its source. */
  readonly refresh: typeof refresh
  readonly corrections: Corrections
  /** Adds late payments to gold. */
  readonly correct: typeof correct
  /** From the end of one round to the start of the next. */
  readonly intervalMs: number
  /** About how many rows of bronze one refresh takes. */
  readonly mostRows: bigint
  readonly metrics: LayerMetrics
  readonly log: Log
}

/** The longest time for which a table that does not change is not asked for. Other instances and Flink write, too. */
const LONGEST_LOOK_MS = 30_000
/** A table that is still behind is refreshed again at once, but not for ever: other tables wait. */
const MOST_TURNS = 20

/**
 * Makes silver from bronze and gold from silver, round by round. Each table records the snapshots of its sources that it is
 * made from, so a kill at any moment costs one round. A table that fails is tried again in the next round and does not stop
 * the others. Several instances may run at once; one of them commits, the others are overtaken.
 *
 * What is kept here only skips work: the newest snapshot of a source up to which everything was found made. A table whose
 * source has not changed since is not asked for, gold is not asked for while no source of silver has changed, and a source
 * that does not change is looked at less often.
 */
export class Layers {
  readonly #options: LayersOptions
  readonly #rounds: Periodic<void>
  readonly #looks: Looks
  /** By table: the snapshot of its source up to which nothing is left to do. */
  readonly #doneUpTo = new Map<string, bigint | null>()
  /** A source of silver has changed since gold was last made from all of silver. */
  #isGoldDue = true

  constructor(options: LayersOptions) {
    this.#options = options
    this.#looks = new Looks({ shortestMs: options.intervalMs, longestMs: LONGEST_LOOK_MS })
    this.#rounds = new Periodic({
      work: () => this.round(),
      pauseMs: options.intervalMs,
      onError: (error) => options.log.error({ err: error }, 'a round failed'),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  /** Returns when the table under way is done. */
  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** Rows were committed to a table that silver or gold may be made from. */
  sourceChanged(table: TableIdentifier): void {
    this.#looks.changed(fullName(table))
  }

  /** Brings every table up to date with its sources, as far as these have changed. */
  async round(): Promise<void> {
    for (const derived of this.#options.silver) {
      await this.#whenChanged(derived.table, derived.source, () => this.#derive(derived))
    }
    if (this.#isGoldDue) await this.#guarded('gold', () => this.#gold())
    else for (const gold of goldTables) this.#upToDate(goldName(gold))
    const { corrections } = this.#options
    await this.#whenChanged(corrections.table, corrections.late, () => this.#correct(corrections))
  }

  /** @param work returns true when nothing is left to do with what the source has. */
  async #whenChanged(
    table: TableIdentifier,
    source: TableIdentifier,
    work: () => Promise<boolean>,
  ): Promise<void> {
    const [name, of] = [fullName(table), fullName(source)]
    if (!this.#looks.isDue(of)) return
    const look = await this.#guarded(name, async () => ({ newest: await this.#newestOf(source) }))
    if (look === undefined) return
    const { newest } = look
    if (newest !== undefined && this.#doneUpTo.get(name) === newest) {
      return this.#looks.foundNothing(of)
    }
    const isDone = await work()
    if (newest === undefined) return this.#looks.foundNothing(of)
    this.#looks.changed(of)
    // The source was read before the work, so what came to it meanwhile is new to the next round.
    if (isDone) this.#doneUpTo.set(name, newest)
  }

  /** @returns undefined while the source is not there, null while it has no snapshot. */
  async #newestOf(source: TableIdentifier): Promise<bigint | null | undefined> {
    return (await loadIfThere(this.#options.ports.catalog, source))?.currentSnapshotId
  }

  async #derive(derived: DerivedTable): Promise<boolean> {
    this.#isGoldDue = true
    const table = fullName(derived.table)
    const isSilverDone = await this.#guarded(table, () => this.#silver(derived))
    const isRestDone = await this.#guarded('silver.quarantine', () => this.#quarantine(derived))
    return isSilverDone === true && isRestDone === true
  }

  async #silver(derived: DerivedTable): Promise<boolean> {
    const { ports, refresh, metrics, mostRows, log } = this.#options
    const table = fullName(derived.table)
    for (let turn = 0; turn < MOST_TURNS && !this.#rounds.signal.aborted; turn++) {
      const outcome = await refresh(ports, derived, mostRows)
      if (outcome.kind === 'overtaken') log.info({ table }, 'another writer was first')
      if (outcome.kind !== 'refreshed') return outcome.kind === 'idle'
      metrics.changes.inc({ table }, Number(outcome.changes))
      metrics.refreshes.inc({ table })
      if (!outcome.isBehind) return true
    }
    return false
  }

  async #quarantine(derived: DerivedTable): Promise<boolean> {
    const { ports, mostRows, metrics, log } = this.#options
    const { rejected, isDone } = await quarantine(ports, derived, mostRows)
    const table = fullName(derived.table)
    for (const [reason, rows] of Object.entries(rejected)) {
      metrics.quarantined.inc({ table, reason }, rows)
      log.warn({ table, reason, rows }, 'rows are in quarantine')
    }
    return isDone
  }

  async #gold(): Promise<void> {
    const { ports, metrics } = this.#options
    const state = await silverNow(ports)
    if (state === undefined) return
    let isDone = true
    for (const gold of goldTables) {
      if (this.#rounds.signal.aborted) return
      const outcome = await refreshGold(ports, gold, state, rejectedSql)
      if (outcome === 'rebuilt') metrics.refreshes.inc({ table: goldName(gold) })
      if (outcome === 'overtaken') isDone = false
      else this.#upToDate(goldName(gold))
    }
    this.#isGoldDue = !isDone
  }

  async #correct(corrections: Corrections): Promise<boolean> {
    const { ports, metrics, mostRows, correct } = this.#options
    const table = fullName(corrections.table)
    const outcome = await this.#guarded(table, () => correct(ports, corrections, mostRows))
    if (outcome?.kind === 'corrected') metrics.refreshes.inc({ table })
    return outcome?.kind === 'idle'
  }

  #upToDate(table: string): void {
    this.#options.metrics.lastSuccess.set({ table }, Date.now() / 1_000)
  }

  /** @returns undefined when the work failed, or nothing is begun any more. */
  async #guarded<Done>(table: string, work: () => Promise<Done>): Promise<Done | undefined> {
    if (this.#rounds.signal.aborted) return undefined
    const { metrics, log } = this.#options
    const begunMs = performance.now()
    try {
      const done = await work()
      this.#upToDate(table)
      return done
    } catch (error) {
      metrics.failures.inc({ table })
      log.error({ table, err: error }, 'not refreshed; tried again in the next round')
      return undefined
    } finally {
      metrics.duration.observe({ table }, (performance.now() - begunMs) / 1_000)
    }
  }
}

const goldName = ({ name }: { readonly name: string }): string => `gold.${name}`
