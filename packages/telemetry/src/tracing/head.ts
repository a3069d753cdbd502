/** Decides whether a trace that begins here is recorded. */
export type Head = { isSampled(): boolean }

/**
 * Records the first traces of each second: all of them while little happens, so that everybody finds the order that they
 * have just placed, and a bounded number under load. A ratio could not do both.
 */
export class HeadByRate implements Head {
  readonly #perSecond: number
  readonly #nowMs: () => number
  #second = Number.NEGATIVE_INFINITY
  #taken = 0

  constructor(perSecond: number, nowMs: () => number = Date.now) {
    this.#perSecond = perSecond
    this.#nowMs = nowMs
  }

  isSampled(): boolean {
    const second = Math.floor(this.#nowMs() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#taken = 0
    }
    if (this.#taken >= this.#perSecond) return false
    this.#taken += 1
    return true
  }
}
