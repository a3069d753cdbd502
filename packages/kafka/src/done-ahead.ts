import type { BatchOrder, Keyed } from './side-by-side.ts'

type Delivered = Keyed & { readonly timestamp: string }

type Batch = {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Delivered[]
}

type Ahead = {
  /** The offset of the lowest record that is not done, with which the next fetch begins. */
  readonly from: string
  /** Timestamps of the records behind it that are done, by offset. */
  readonly done: ReadonlyMap<string, string>
}

/**
 * The records that are done behind one that waits, by partition. The next fetch begins with the one that waits and delivers
 * them again; this process need not handle them again, and writes no second dead letter of them.
 *
 * It is memory only. After a crash, a rebalance, or a fetch that begins elsewhere they are redelivered to the handler, whose
 * inbox drops the repeats. It holds at most what one fetch has delivered.
 */
export class DoneAhead {
  readonly #partitions = new Map<string, Ahead>()

  /** Whether a record of this batch was done when an earlier fetch began at the same offset. */
  isDoneIn({ topic, partition, messages }: Batch): (message: Delivered) => boolean {
    const ahead = this.#partitions.get(`${topic}-${partition}`)
    if (ahead === undefined || messages[0]?.offset !== ahead.from) return () => false
    // The timestamp tells a record from one at the same offset of a topic that was deleted and made again.
    return ({ offset, timestamp }) => ahead.done.get(offset) === timestamp
  }

  /** Replaces what is known of the batch's partition. */
  remember({ topic, partition }: Batch, order: BatchOrder<Delivered>): void {
    const { firstOpen, ahead } = order
    const name = `${topic}-${partition}`
    if (firstOpen === undefined || ahead.length === 0) {
      this.#partitions.delete(name)
      return
    }
    const done = new Map(ahead.map(({ offset, timestamp }) => [offset, timestamp]))
    this.#partitions.set(name, { from: firstOpen.offset, done })
  }

  /** On each join of the group: meanwhile others may have read the partition. */
  forget(): void {
    this.#partitions.clear()
  }
}
