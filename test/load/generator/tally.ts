import { machineMs } from '../clock.ts'
import { Latencies } from '../latencies.ts'
import type { Due } from './open-loop.ts'
import type { Kind } from './shopper.ts'
import type { GeneratorResult, KindResult, Progress } from './task.ts'

type KindTally = {
  due: number
  answered: number
  failed: Map<string, number>
  latencies: Latencies
}

/** The time that counts, by `machineMs`: from the end of the ramp to the end of the load. */
export type Window = { readonly fromMs: number; readonly toMs: number }

/** Counts what becomes of the requests of a load. Those that were due in its ramp are sent, and not measured. */
export class Tally {
  readonly #window: Window
  readonly #kinds = new Map<Kind, KindTally>()
  readonly #sentLate = new Latencies()
  #due = 0
  #answeredInTime = 0
  #notSent = 0
  #accepted = 0
  #all = { due: 0, answered: 0, failed: 0 }

  constructor(window: Window) {
    this.#window = window
  }

  notSent(due: Due): void {
    this.#all.due += 1
    this.#all.failed += 1
    if (!this.#isMeasured(due)) return
    this.#due += 1
    this.#notSent += 1
  }

  sent(kind: Kind, due: Due): void {
    this.#all.due += 1
    if (!this.#isMeasured(due)) return
    this.#due += 1
    this.#of(kind).due += 1
    this.#sentLate.record(machineMs() - due.dueMs)
  }

  answered(kind: Kind, due: Due): void {
    const now = machineMs()
    this.#all.answered += 1
    if (kind === 'orders' || kind === 'declined') this.#accepted += 1
    if (now >= this.#window.fromMs && now < this.#window.toMs) this.#answeredInTime += 1
    if (!this.#isMeasured(due)) return
    this.#of(kind).answered += 1
    this.#of(kind).latencies.record(now - due.dueMs)
  }

  failed(kind: Kind, due: Due, reason: string): void {
    this.#all.failed += 1
    if (!this.#isMeasured(due)) return
    const { failed } = this.#of(kind)
    failed.set(reason, (failed.get(reason) ?? 0) + 1)
  }

  get progress(): Progress {
    const { due, answered, failed } = this.#all
    return { due, answered, failed, inFlight: due - answered - failed }
  }

  /** @param used what this process has used in the window. */
  result(used: Pick<GeneratorResult, 'cpuMs' | 'measuredMs'>): GeneratorResult {
    const kinds = [...this.#kinds].map(([kind, tally]) => [kind, resultOf(tally)])
    return {
      kinds: Object.fromEntries(kinds),
      due: this.#due,
      answeredInTime: this.#answeredInTime,
      notSent: this.#notSent,
      accepted: this.#accepted,
      sentLate: this.#sentLate.encode(),
      ...used,
    }
  }

  #isMeasured({ dueMs }: Due): boolean {
    return dueMs >= this.#window.fromMs
  }

  #of(kind: Kind): KindTally {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const tally = { due: 0, answered: 0, failed: new Map(), latencies: new Latencies() }
    this.#kinds.set(kind, tally)
    return tally
  }
}

function resultOf({ due, answered, failed, latencies }: KindTally): KindResult {
  return { due, answered, failed: Object.fromEntries(failed), latencies: latencies.encode() }
}
