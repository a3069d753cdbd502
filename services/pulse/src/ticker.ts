import { Periodic } from '@tenseams/service/periodic'
import { openCounter } from '@tenseams/telemetry/instruments'
import type { Log } from '@tenseams/telemetry/log'
import type { Registry } from 'prom-client'
import { type Control, controlPartitions, type TopicPartition } from './control.ts'
import { DueTicks, type TickRules } from './due-ticks.ts'

export type TickerOptions = {
  readonly control: Control
  /** Which partitions got events since the last call. */
  readonly newEvents: () => Promise<readonly TopicPartition[]>
  readonly intervalMs: number
  readonly rules: TickRules
  readonly metrics: Registry
  readonly log: Pick<Log, 'warn'>
}

/**
 * Looks at a fixed interval which partitions need a tick, by the rules of due-ticks.ts, and writes them. While Postgres is unavailable there are no ticks and windows stand
 * still, but nothing is lost: the next tick moves them on.
 */
export class Ticker {
  readonly #ticks: Periodic<void>

  constructor({ control, newEvents, intervalMs, rules, metrics, log }: TickerOptions) {
    const due = new DueTicks(rules, Date.now())
    const ticks = openCounter(metrics, 'tenseams_ticks_total')
    this.#ticks = new Periodic({
      work: async () => {
        const withEvents = await newEvents()
        const partitions = due.next(controlPartitions(), withEvents, Date.now())
        const rows = await control.write('tick', partitions)
        due.written(partitions, Date.now())
        ticks.inc(rows.length)
      },
      pauseMs: intervalMs,
      onError: (error) => log.warn({ err: error }, 'tick failed'),
    })
  }

  start(): void {
    this.#ticks.start()
  }

  close(): Promise<void> {
    return this.#ticks.close()
  }
}
