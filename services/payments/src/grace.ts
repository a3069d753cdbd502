/** Enough for a page of each side; beyond it the oldest is forgotten, and waited for once more. */
const MOST_AHEAD = 1_000

/**
 * Whether something is too young to be compared, since it may still be under way.
 *
 * An age that is negative comes from a clock that was ahead of ours when it was written: by an hour, and everything behind it
 * in its log would wait for an hour. How old such an entry is nobody knows, so it is waited for from when it is first seen
 * here, as long as for any other. After a restart it is waited for again.
 */
export class Grace {
  readonly #graceMs: number
  readonly #now: () => number
  readonly #firstSeen = new Map<string, number>()

  constructor(graceMs: number, now: () => number = () => performance.now()) {
    this.#graceMs = graceMs
    this.#now = now
  }

  isYoung(entry: string, ageMs: number): boolean {
    if (ageMs >= 0) return ageMs < this.#graceMs
    const firstSeen = this.#firstSeen.get(entry) ?? this.#remember(entry)
    return this.#now() - firstSeen < this.#graceMs
  }

  #remember(entry: string): number {
    const [oldest] = this.#firstSeen.keys()
    if (oldest !== undefined && this.#firstSeen.size >= MOST_AHEAD) this.#firstSeen.delete(oldest)
    const now = this.#now()
    this.#firstSeen.set(entry, now)
    return now
  }
}
