import { setTimeout as delay } from 'node:timers/promises'
import { Counter, type Registry } from 'prom-client'
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
  readonly #options: TickerOptions
  readonly #ticks: Counter
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: TickerOptions) {
    this.#options = options
    this.#ticks = new Counter({
      name: 'tenseams_ticks_total',
      help: 'Tick rows written, one a partition and interval.',
      registers: [options.metrics],
    })
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { control, intervalMs, log } = this.#options
    while (!this.#stop.signal.aborted) {
      try {
        const rows = await control.write('tick', controlPlaces())
        this.#ticks.inc(rows.length)
      } catch (error) {
        log.warn({ err: error }, 'no tick this time')
      }
      await delay(intervalMs, undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }
}
