import { Periodic } from '@tenseams/service/periodic'

/** Removes at most `limit` rows that are older than the cutoff, the oldest first, and returns how many it removed. */
export type Remove = (cutoff: Date, limit: number) => Promise<number>

/** Rows that are removed when they have reached an age. */
export type ExpiringRows = {
  readonly what: string
  readonly lifeMs: number
  readonly remove: Remove
}

export type RetentionOptions = {
  readonly expiring: readonly ExpiringRows[]
  /** Rows that could not be removed stay until the next round; others are removed meanwhile. */
  readonly onError: (error: unknown, what: string) => void
  readonly now?: () => number
}

/** Rows of one statement: it is over in milliseconds, so it holds up neither an append nor a reader by position. */
const BATCH_ROWS = 2_000
/** Statements of one round, so that a long-neglected table does not keep the others waiting. */
const MOST_BATCHES = 50
const PAUSE_MS = 30_000
/** When a round has not removed everything. */
const SHORT_PAUSE_MS = 100

/**
 * Removes rows by their age, every half minute, in bounded batches. It keeps no state: after a crash the next round
 * goes on. Two processes may do it at once; each row is removed by one of them.
 */
export class Retention {
  readonly #options: RetentionOptions
  readonly #rounds: Periodic<boolean>

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#rounds = new Periodic({
      work: (signal) => this.sweep(signal),
      pauseMs: (round) => (round.kind === 'done' && !round.result ? SHORT_PAUSE_MS : PAUSE_MS),
      onError: (error) => options.onError(error, 'rows'),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** One round. Returns whether everything that is old enough has been removed. */
  async sweep(signal?: AbortSignal): Promise<boolean> {
    const nowMs = (this.#options.now ?? Date.now)()
    let isComplete = true
    for (const { what, lifeMs, remove } of this.#options.expiring) {
      try {
        isComplete = (await removeAll(remove, new Date(nowMs - lifeMs), signal)) && isComplete
      } catch (error) {
        this.#options.onError(error, what)
      }
    }
    return isComplete
  }
}

async function removeAll(remove: Remove, cutoff: Date, signal?: AbortSignal): Promise<boolean> {
  for (let batch = 1; batch <= MOST_BATCHES; batch += 1) {
    if (signal?.aborted === true) return true
    if ((await remove(cutoff, BATCH_ROWS)) < BATCH_ROWS) return true
  }
  return false
}
