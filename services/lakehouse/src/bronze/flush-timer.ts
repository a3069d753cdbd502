import type { KafkaMessage } from 'kafkajs'

export type FlushIntervals = {
  /** From a table's first buffered row to its commit. */
  readonly flushIntervalMs: number
  /** The same for a busy table; as `flushIntervalMs` when left out. */
  readonly earlyFlushIntervalMs?: number
}

/** So many rows cost about as much as the commit itself, so an earlier commit makes them a little more expensive only. */
const BUSY_ROWS = 2_000
/** Older records are of a backlog. They are not fresh any more, so they wait for a commit of more rows. */
const FRESH_MS = 2_000

/** After which time a buffer with so many rows is committed, by the newest of its records. */
export function intervalOf(
  { flushIntervalMs, earlyFlushIntervalMs = flushIntervalMs }: FlushIntervals,
  rows: number,
  newest: Pick<KafkaMessage, 'timestamp'> | undefined,
  nowMs: number,
): number {
  const isFresh = nowMs - Number(newest?.timestamp ?? 0) < FRESH_MS
  return rows >= BUSY_ROWS && isFresh
    ? Math.min(earlyFlushIntervalMs, flushIntervalMs)
    : flushIntervalMs
}

/** Calls back once, a time after its first start since it was stopped; a later start may only bring that forward. */
export class FlushTimer {
  readonly #onDue: () => void
  #timer: NodeJS.Timeout | undefined
  #sinceMs: number | undefined
  #intervalMs = 0

  constructor(onDue: () => void) {
    this.#onDue = onDue
  }

  start(intervalMs: number): void {
    if (this.#timer !== undefined && intervalMs >= this.#intervalMs) return
    const nowMs = Date.now()
    this.#sinceMs ??= nowMs
    this.#intervalMs = intervalMs
    clearTimeout(this.#timer)
    // A clock that was set back makes nobody wait longer.
    const leftMs = Math.min(intervalMs, this.#sinceMs + intervalMs - nowMs)
    this.#timer = setTimeout(this.#onDue, Math.max(0, leftMs))
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sinceMs = undefined
  }
}
