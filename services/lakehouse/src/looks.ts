export type LooksOptions = {
  /** The pause after a look that found something, and after the first that found nothing. */
  readonly shortestMs: number
  /** A pause doubles with each look that finds nothing, up to this. */
  readonly longestMs: number
  readonly nowMs?: () => number
}

type Look = { readonly pauseMs: number; readonly dueAtMs: number }

/**
 * When to ask again whether something has changed. What keeps changing is looked at each time; what does not is looked at less
 * and less often, so that a table without new rows costs next to nothing. Nothing is skipped for longer than `longestMs`.
 */
export class Looks {
  readonly #shortestMs: number
  readonly #longestMs: number
  readonly #nowMs: () => number
  readonly #looks = new Map<string, Look>()

  constructor({ shortestMs, longestMs, nowMs = () => performance.now() }: LooksOptions) {
    this.#shortestMs = shortestMs
    this.#longestMs = Math.max(shortestMs, longestMs)
    this.#nowMs = nowMs
  }

  /** True for what was never looked at, has changed, or whose pause is over. */
  isDue(name: string): boolean {
    const look = this.#looks.get(name)
    if (look === undefined) return true
    const leftMs = look.dueAtMs - this.#nowMs()
    // More than the whole pause is left only when the clock was set back.
    return leftMs <= 0 || leftMs > look.pauseMs
  }

  /** It is known to have changed: the next question whether it is due is answered with yes. */
  changed(name: string): void {
    this.#looks.delete(name)
  }

  /** A look found nothing that is not done already. */
  foundNothing(name: string): void {
    const before = this.#looks.get(name)
    const doubled = before === undefined ? this.#shortestMs : before.pauseMs * 2
    const pauseMs = Math.min(this.#longestMs, doubled)
    this.#looks.set(name, { pauseMs, dueAtMs: this.#nowMs() + pauseMs })
  }
}
