/** Ranges of offsets that some reader has read: every visible record in them must have been seen. */
export class Passed {
  readonly #stretches = new Map<string, Stretch[]>()
  #isMerged = true

  /** From the first offset to before the second. */
  add(topicPartition: string, from: bigint, to: bigint): void {
    if (from >= to) return
    const known = this.#stretches.get(topicPartition)
    const last = known?.at(-1)
    if (known === undefined) this.#stretches.set(topicPartition, [{ from, to }])
    else if (last !== undefined && last.from <= from && from <= last.to) {
      if (to > last.to) last.to = to
    } else known.push({ from, to })
    this.#isMerged = false
  }

  has(topicPartition: string, offset: bigint): boolean {
    if (!this.#isMerged) this.#merge()
    const stretches = this.#stretches.get(topicPartition) ?? []
    let low = 0
    let high = stretches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const stretch = stretches[middle]
      if (stretch !== undefined && stretch.to <= offset) low = middle + 1
      else high = middle
    }
    const found = stretches[low]
    return found !== undefined && found.from <= offset
  }

  #merge(): void {
    for (const [topicPartition, stretches] of this.#stretches) {
      stretches.sort((one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : 0))
      const merged: Stretch[] = []
      for (const stretch of stretches) {
        const last = merged.at(-1)
        if (last === undefined || stretch.from > last.to) merged.push(stretch)
        else if (stretch.to > last.to) last.to = stretch.to
      }
      this.#stretches.set(topicPartition, merged)
    }
    this.#isMerged = true
  }
}

type Stretch = { readonly from: bigint; to: bigint }
