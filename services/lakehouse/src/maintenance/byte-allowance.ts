const MINUTE_MS = 60_000

/** A token bucket of bytes per minute: full at first, refilled at that rate, never above one minute's worth. */
export class ByteAllowance {
  readonly #perMinute: number
  #left: number
  #atMs: number

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute
    this.#left = perMinute
    this.#atMs = nowMs
  }

  /** What may be spent now; zero while it is overdrawn. */
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
