import { fullName } from '@tenseams/iceberg/format/metadata'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { Periodic } from '@tenseams/service/periodic'
import type { Corrections, correct } from './gold/corrections.ts'
import { refreshGold, silverNow } from './gold/gold-table.ts'
import { goldTables, rejectedSql } from './gold/gold-tables.ts'
import type { LayerMetrics } from './layer-metrics.ts'
import type { Log } from './log.ts'
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

/** A table that is still behind is refreshed again at once, but not for ever: other tables wait. */
const MOST_TURNS = 20

/**
 * Makes silver from bronze and gold from silver, round by round. No state is kept here: each table records the snapshots of
 * its sources that it is made from, so a kill at any moment costs one round. A table that fails is tried again in the next
 * round and does not stop the others. Several instances may run at once; one of them commits, the others are overtaken.
 */
export class Layers {
  readonly #options: LayersOptions
  readonly #rounds: Periodic<void>

  constructor(options: LayersOptions) {
    this.#options = options
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

  /** Brings every table up to date with its sources. */
  async round(): Promise<void> {
    for (const derived of this.#options.silver) {
      await this.#guarded(fullName(derived.table), () => this.#silver(derived))
      await this.#guarded('silver.quarantine', () => this.#quarantine(derived))
    }
    await this.#guarded('gold', () => this.#gold())
    const { corrections } = this.#options
    await this.#guarded(fullName(corrections.table), () => this.#correct(corrections))
  }

  async #silver(derived: DerivedTable): Promise<void> {
    const { ports, refresh, metrics, mostRows, log } = this.#options
    const table = fullName(derived.table)
    for (let turn = 0; turn < MOST_TURNS && !this.#rounds.signal.aborted; turn++) {
      const outcome = await refresh(ports, derived, mostRows)
      if (outcome.kind === 'overtaken') log.info({ table }, 'another writer was first')
      if (outcome.kind !== 'refreshed') return
      metrics.changes.inc({ table }, Number(outcome.changes))
      metrics.refreshes.inc({ table })
      if (!outcome.isBehind) return
    }
  }

  async #quarantine(derived: DerivedTable): Promise<void> {
    const { ports, mostRows, metrics, log } = this.#options
    const rejected = await quarantine(ports, derived, mostRows)
    const table = fullName(derived.table)
    for (const [reason, rows] of Object.entries(rejected)) {
      metrics.quarantined.inc({ table, reason }, rows)
      log.warn({ table, reason, rows }, 'rows are in quarantine')
    }
  }

  async #gold(): Promise<void> {
    const { ports, metrics } = this.#options
    const state = await silverNow(ports)
    if (state === undefined) return
    for (const gold of goldTables) {
      if (this.#rounds.signal.aborted) return
      const isNew = await refreshGold(ports, gold, state, rejectedSql)
      if (isNew) metrics.refreshes.inc({ table: `gold.${gold.name}` })
    }
  }

  async #correct(corrections: Corrections): Promise<void> {
    const { ports, metrics, mostRows, correct } = this.#options
    const outcome = await correct(ports, corrections, mostRows)
    if (outcome.kind === 'corrected') metrics.refreshes.inc({ table: fullName(corrections.table) })
  }

  async #guarded(table: string, work: () => Promise<void>): Promise<void> {
    if (this.#rounds.signal.aborted) return
    const { metrics, log } = this.#options
    const stop = metrics.duration.startTimer({ table })
    try {
      await work()
      metrics.lastSuccess.set({ table }, Date.now() / 1_000)
    } catch (error) {
      metrics.failures.inc({ table })
      log.error({ table, err: error }, 'not refreshed; tried again in the next round')
    } finally {
      stop()
    }
  }
}
