/** A group's committed offsets by `topic-partition`, and those whose transaction has not ended. */
export class CommittedOffsets {
  readonly #committed = new Map<string, Map<string, number>>()
  readonly #pending = new Map<string, Map<number, ReadonlyMap<string, number>>>()

  /** kafkajs does not require stable offsets, so pending ones are not returned. */
  read(group: string): ReadonlyMap<string, number> {
    return this.#of(group)
  }

  commit(group: string, offsets: ReadonlyMap<string, number>): void {
    const committed = this.#of(group)
    for (const [place, offset] of offsets) committed.set(place, offset)
  }

  propose(group: string, producerId: number, offsets: ReadonlyMap<string, number>): void {
    const waiting = this.#pending.get(group) ?? new Map<number, ReadonlyMap<string, number>>()
    waiting.set(producerId, new Map([...(waiting.get(producerId) ?? []), ...offsets]))
    this.#pending.set(group, waiting)
  }

  mark(group: string, producerId: number, committed: boolean): void {
    const waiting = this.#pending.get(group)
    const offsets = waiting?.get(producerId)
    waiting?.delete(producerId)
    if (committed && offsets !== undefined) this.commit(group, offsets)
  }

  #of(group: string): Map<string, number> {
    const known = this.#committed.get(group)
    if (known !== undefined) return known
    const fresh = new Map<string, number>()
    this.#committed.set(group, fresh)
    return fresh
  }
}
