import { Periodic } from '@tenseams/service/periodic'
import { openCounter } from '@tenseams/telemetry/counter'
import type { Registry } from 'prom-client'
import { type Control, controlPartitions } from './control.ts'

type Log = { warn(context: object, message: string): void }

export type TickerOptions = {
  readonly control: Control
  readonly intervalMs: number
  readonly metrics: Registry
  readonly log: Log
}

/**
 * Writes a tick to every partition at a fixed interval. While Postgres is unavailable there are no ticks and windows stand
 * still, but nothing is lost: the next tick moves them on.
 */
export class Ticker {
  readonly #ticks: Periodic<void>

  constructor({ control, intervalMs, metrics, log }: TickerOptions) {
    const ticks = openCounter(metrics, {
      name: 'tenseams_ticks_total',
      help: 'Tick rows written: one per partition and interval.',
    })
    this.#ticks = new Periodic({
      work: async () => {
        const rows = await control.write('tick', controlPartitions())
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
