import type { Process } from './world.ts'

export type Scheduled = {
  readonly at: number
  readonly order: number
  readonly owner: Process | undefined
  readonly run: () => void
  isCancelled: boolean
}

/** A binary heap by time; events of one moment come in the order in which they were asked for. */
export class EventQueue {
  readonly #heap: Scheduled[] = []
  #order = 0

  push(at: number, owner: Process | undefined, run: () => void): Scheduled {
    this.#order += 1
    const event = { at, order: this.#order, owner, run, isCancelled: false }
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1, event)
    return event
  }

  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  pop(): Scheduled | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(0, last)
    return first
  }

  #rise(from: number, event: Scheduled): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || before(parent, event)) break
      this.#heap[place] = parent
      place = above
    }
    this.#heap[place] = event
  }

  #sink(from: number, event: Scheduled): void {
    let place = from
    for (;;) {
      const left = this.#heap[2 * place + 1]
      const right = this.#heap[2 * place + 2]
      if (left === undefined) break
      const isRight = right !== undefined && before(right, left)
      const child = isRight ? right : left
      if (before(event, child)) break
      this.#heap[place] = child
      place = 2 * place + (isRight ? 2 : 1)
    }
    this.#heap[place] = event
  }
}

function before(one: Scheduled, other: Scheduled): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
