import { Periodic } from '@tenseams/service/periodic'
import { openCounter } from '@tenseams/telemetry/counter'
import type { Registry } from 'prom-client'
import { type Control, controlPlaces } from './control.ts'

type Log = { warn(context: object, message: string): void }

export type TickerOptions = {
  readonly control: Control
  readonly intervalMs: number
  readonly metrics: Registry
  readonly log: Log
}

/**
 * A tick into every partition at an even pace. While Postgres is away there are none, windows stand still, and
 * nothing is lost: the next tick moves them on.
 */
export class Ticker {
  readonly #ticks: Periodic<void>

  constructor({ control, intervalMs, metrics, log }: TickerOptions) {
    const ticks = openCounter(metrics, {
      name: 'tenseams_ticks_total',
      help: 'Tick rows written, one a partition and interval.',
    })
    this.#ticks = new Periodic({
      work: async () => {
        const rows = await control.write('tick', controlPlaces())
        ticks.inc(rows.length)
      },
      pauseMs: intervalMs,
      onError: (error) => log.warn({ err: error }, 'no tick this time'),
    })
  }

  start(): void {
    this.#ticks.start()
  }

  close(): Promise<void> {
    return this.#ticks.close()
  }
}
