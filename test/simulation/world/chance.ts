/**
 * Randomness without a sequence: each number depends on the seed and a name only. So when a fault or a record is removed
 * from a run, the rest of it stays the same, and shrinking compares like with like.
 */
export class Chance {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = mix(seed ^ 0x9e37_79b9)
  }

  /** A number from 0 up to, not including, 1. */
  fraction(question: string): number {
    let hash = this.#seed
    for (let at = 0; at < question.length; at++) {
      hash = Math.imul(hash ^ question.charCodeAt(at), 0x0100_0193)
    }
    return mix(hash) / 0x1_0000_0000
  }

  /** A whole number, both bounds included. */
  between(question: string, least: number, most: number): number {
    return least + Math.floor(this.fraction(question) * (most - least + 1))
  }

  happens(question: string, probability: number): boolean {
    return this.fraction(question) < probability
  }

  pick<Value>(question: string, values: readonly Value[]): Value {
    const picked = values[this.between(question, 0, values.length - 1)]
    if (picked === undefined) throw new Error(`nothing to pick from for ${question}`)
    return picked
  }
}

/** The finalizer of MurmurHash3: neighbouring seeds have nothing in common afterwards. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
