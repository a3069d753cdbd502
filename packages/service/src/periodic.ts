import { setTimeout as delay } from 'node:timers/promises'

/** One round that has ended. */
export type Round<Result> =
  | { readonly kind: 'done'; readonly tookMs: number; readonly result: Result }
  | { readonly kind: 'failed'; readonly tookMs: number }

export type PeriodicOptions<Result> = {
  /** One round. A long one looks at `signal` between its steps, and ends early when it is aborted. */
  readonly work: (signal: AbortSignal) => Promise<Result>
  /** From the end of a round to the beginning of the next. */
  readonly pauseMs: number | ((round: Round<Result>) => number)
  /** Before the first round; without it a service that restarts over and over does nothing but first rounds. */
  readonly firstPauseMs?: number
  /** A failed round does not end the work: this is told, and the next round comes after the pause. */
  readonly onError: (error: unknown) => void
  /** Resolves after that time, or at once when the signal is aborted. A test gives its own. */
  readonly sleep?: (pauseMs: number, signal: AbortSignal) => Promise<void>
}

/**
 * Work that is done again and again until `close()`, one round at a time: a round that takes longer than the pause
 * never overlaps with the next. Nothing is remembered from round to round, so a crash costs the round under way.
 */
export class Periodic<Result> {
  readonly #options: PeriodicOptions<Result>
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined
  #pausing: AbortController | undefined
  /** Since the round under way began. */
  #isWoken = false

  constructor(options: PeriodicOptions<Result>) {
    this.#options = options
  }

  /** Aborted when `close()` is called. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Starts the rounds and returns at once. A second call changes nothing. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Begins the next round at once: ends the pause, or skips the one after the round under way. */
  wake(): void {
    this.#isWoken = true
    this.#pausing?.abort()
  }

  /** Ends a pause at once and waits for the round under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#pausing?.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { firstPauseMs = 0, pauseMs } = this.#options
    if (firstPauseMs > 0) await this.#pause(firstPauseMs)
    while (!this.signal.aborted) {
      const round = await this.#round()
      await this.#pause(typeof pauseMs === 'number' ? pauseMs : pauseMs(round))
    }
  }

  async #round(): Promise<Round<Result>> {
    const begunMs = performance.now()
    this.#isWoken = false
    try {
      const result = await this.#options.work(this.signal)
      return { kind: 'done', tookMs: performance.now() - begunMs, result }
    } catch (error) {
      this.#options.onError(error)
      return { kind: 'failed', tookMs: performance.now() - begunMs }
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    if (pauseMs <= 0 || this.#isWoken || this.signal.aborted) return
    this.#pausing = new AbortController()
    await (this.#options.sleep ?? sleepUnlessAborted)(pauseMs, this.#pausing.signal)
    this.#pausing = undefined
  }
}

async function sleepUnlessAborted(pauseMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(pauseMs, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
