/**
 * How many bytes all tables together may hold between Kafka and Iceberg. Half of the limit is reserved in equal shares, one
 * per table, so that a table whose commits hang never stops the others. The other half is a pool, first come, first served.
 * The limit is exceeded only by a record that is larger than all the room its table has: it is taken alone.
 */
export class ByteBudget {
  readonly #shareBytes: number
  readonly #poolBytes: number
  readonly #held = new Map<string, number>()
  readonly #waiting = new Map<string, () => void>()

  constructor(limitBytes: number, tables: number) {
    this.#shareBytes = Math.floor(limitBytes / (2 * Math.max(1, tables)))
    this.#poolBytes = limitBytes - this.#shareBytes * tables
  }

  heldBy(table: string): number {
    return this.#held.get(table) ?? 0
  }

  get held(): number {
    return sum(this.#held.values())
  }

  /** How many bytes more the table may hold now. */
  roomFor(table: string): number {
    const lent = sum([...this.#held.values()].map((bytes) => this.#beyondShare(bytes)))
    const ownRoom = Math.max(0, this.#shareBytes - this.heldBy(table))
    return ownRoom + Math.max(0, this.#poolBytes - lent)
  }

  take(table: string, bytes: number): void {
    this.#held.set(table, this.heldBy(table) + bytes)
  }

  /** Wakes every waiting table once, in the order in which they began to wait. */
  release(table: string, bytes: number): void {
    this.#held.set(table, this.heldBy(table) - bytes)
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Calls `wake` at the next release by any table. At most one callback per table. */
  whenRoom(table: string, wake: () => void): void {
    this.#waiting.set(table, wake)
  }

  #beyondShare(bytes: number): number {
    return Math.max(0, bytes - this.#shareBytes)
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
