/**
 * How many bytes all tables together may hold between Kafka and Iceberg. Half of the bound is dealt out, a share for each
 * table that nobody else can take, so that one whose commits hang never stops the others; the other half goes to whoever
 * needs it first. What is held never passes the bound, but for a record that is larger than all of its table's room: such a
 * one passes alone.
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

  /** Whoever waits is woken: once, in the order of waiting. */
  release(table: string, bytes: number): void {
    this.#held.set(table, this.heldBy(table) - bytes)
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Calls `wake` at the next release of anybody. One wish a table. */
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
