const MINUTE_MS = 60_000

/** So many bytes a minute, as a bucket that is full at first and fills again at that rate, and never above it. */
export class ByteAllowance {
  readonly #perMinute: number
  #left: number
  #atMs: number

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute
    this.#left = perMinute
    this.#atMs = nowMs
  }

  /** What may be spent now; nothing while more was spent than there was. */
  left(nowMs: number): number {
    const filled = (this.#perMinute * Math.max(0, nowMs - this.#atMs)) / MINUTE_MS
    this.#left = Math.min(this.#perMinute, this.#left + filled)
    this.#atMs = nowMs
    return Math.max(0, Math.floor(this.#left))
  }

  spend(bytes: number): void {
    this.#left -= bytes
  }
}
