export type Scheduled<Owner> = {
  readonly at: number
  readonly order: number
  /** Whose code it runs; undefined for nobody's. */
  readonly owner: Owner | undefined
  readonly run: () => void
  isCancelled: boolean
}

/** A binary heap by time; events of the same time come in the order in which they were scheduled. */
export class EventQueue<Owner> {
  readonly #heap: Scheduled<Owner>[] = []
  #order = 0

  push(at: number, owner: Owner | undefined, run: () => void): Scheduled<Owner> {
    this.#order += 1
    const event = { at, order: this.#order, owner, run, isCancelled: false }
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1, event)
    return event
  }

  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  pop(): Scheduled<Owner> | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(0, last)
    return first
  }

  #rise(from: number, event: Scheduled<Owner>): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || before(parent, event)) break
      this.#heap[index] = parent
      index = above
    }
    this.#heap[index] = event
  }

  #sink(from: number, event: Scheduled<Owner>): void {
    let index = from
    for (;;) {
      const left = this.#heap[2 * index + 1]
      const right = this.#heap[2 * index + 2]
      if (left === undefined) break
      const isRight = right !== undefined && before(right, left)
      const child = isRight ? right : left
      if (before(event, child)) break
      this.#heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    this.#heap[index] = event
  }
}

function before(one: Scheduled<unknown>, other: Scheduled<unknown>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
