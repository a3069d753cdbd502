import type { LoadTrace } from '../generator/trace.ts'
import { Latencies } from '../latencies.ts'

/** An event of an order in Kafka, as a reader of committed records has received it. */
export type SeenEvent = {
  readonly trace: LoadTrace
  readonly type: string
  readonly partition: number
  readonly offset: bigint
  /** When it was received, by `machineMs`. */
  readonly atMs: number
}

/** Where an order's first event is in the log, and when the order was due. */
export type Placed = {
  readonly dueMs: number
  readonly partition: number
  readonly offset: bigint
}

/** The events with which an order's lifecycle ends; one that is cancelled may still be refunded. */
const ends = ['OrderCompleted', 'OrderRejected', 'OrderCancelled'] as const
type End = (typeof ends)[number]

const isEnd = (type: string): type is End => ends.some((end) => end === type)

/** The orders of one run of the load, from the event that placed each until the one that settled it. */
export class Journeys {
  readonly placed: Placed[] = []
  readonly completed = new Latencies()
  readonly #fromMs: number
  readonly #open = new Set<number>()
  readonly #known = new Set<number>()
  readonly #settled: Record<End, number> = {
    ...{ OrderCompleted: 0, OrderRejected: 0, OrderCancelled: 0 },
  }

  /** @param fromMs the latencies of orders that were due earlier are not recorded. */
  constructor(fromMs: number) {
    this.#fromMs = fromMs
  }

  /** Takes an event. One that is redelivered changes nothing. */
  see({ trace, type, partition, offset, atMs }: SeenEvent): void {
    const { sequence, dueMs } = trace
    if (type === 'OrderPlaced' && !this.#known.has(sequence)) {
      this.#known.add(sequence)
      this.#open.add(sequence)
      this.placed.push({ dueMs, partition, offset })
    }
    if (!isEnd(type) || !this.#open.delete(sequence)) return
    this.#settled[type] += 1
    const isMeasured = dueMs >= this.#fromMs
    if (type === 'OrderCompleted' && isMeasured) this.completed.record(atMs - dueMs)
  }

  /** Orders that are placed and neither completed, rejected nor cancelled. */
  get unsettled(): number {
    return this.#open.size
  }

  get settled(): number {
    return ends.reduce((sum, end) => sum + this.#settled[end], 0)
  }

  /** How many orders have ended how. */
  get ends(): Readonly<Record<End, number>> {
    return { ...this.#settled }
  }
}
