export type UnderWayOptions = {
  readonly most: number
  readonly lateMs?: number
  /** Told when another may begin although the one before has not ended. */
  readonly onLate: () => void
}

/** Longer than a statement or a commit takes as a rule, also on a disk that is slow. */
const LATE_MS = 50

/**
 * Whether a batch may begin while others are under way. As a rule it waits for the one before: what comes meanwhile shares the
 * next, and the larger a batch, the less each of it costs. When all that are under way are late, another may begin, up to
 * `most`, so that one that waits for a lock or a lost connection does not hold up the callers who have no part in it.
 */
export class UnderWay {
  readonly #options: UnderWayOptions
  #count = 0
  #late = 0

  constructor(options: UnderWayOptions) {
    this.#options = options
  }

  get mayBegin(): boolean {
    return this.#count === 0 || (this.#count < this.#options.most && this.#late === this.#count)
  }

  /** @returns what is to be called once, when it has ended. */
  begin(): () => void {
    const { lateMs = LATE_MS, onLate } = this.#options
    this.#count += 1
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#late += 1
      onLate()
    }, lateMs)
    return () => {
      clearTimeout(timer)
      this.#count -= 1
      if (isLate) this.#late -= 1
    }
  }
}
