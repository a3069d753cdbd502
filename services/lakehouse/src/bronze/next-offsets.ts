import { type BatchPlan, type OffsetSpan, planBatch } from '@tenseams/iceberg/offsets/offsets'

/**
 * Where each partition of a topic goes on: the table's offset plus what is buffered.
 *
 * kafkajs hands out no batch that holds only aborted or control records, it moves on by itself. Such a stretch is a
 * fact of the log, so it may be passed when it joins the expected offset; without it the next batch would seem to
 * begin too late, and be sought for ever.
 */
export class Positions {
  readonly #expected = new Map<number, bigint>()
  readonly #reach = new Map<number, bigint>()
  readonly #fruitlessSeeks = new Map<number, number>()

  constructor(offsets: ReadonlyMap<number, bigint>) {
    for (const [partition, offset] of offsets) this.advance(partition, offset)
  }

  get all(): ReadonlyMap<number, bigint> {
    return this.#expected
  }

  /** How often a partition was sought without getting its batch since the last one that was accepted. */
  fruitlessSeeks(partition: number): number {
    return this.#fruitlessSeeks.get(partition) ?? 0
  }

  /** @returns undefined for a partition that the table's opening did not know. */
  plan(partition: number, batch: OffsetSpan): BatchPlan | undefined {
    const expected = this.#expected.get(partition)
    const reach = this.#reach.get(partition)
    if (expected === undefined || reach === undefined) return undefined
    const joins = batch.start >= expected && batch.start <= reach
    const plan = planBatch(expected, joins ? { ...batch, start: expected } : batch)
    if (plan.kind === 'seek') {
      this.#fruitlessSeeks.set(partition, this.fruitlessSeeks(partition) + 1)
      this.#reach.set(partition, expected)
    }
    return plan
  }

  /** A stretch of the log without a committed record, both ends included. */
  passEmpty(partition: number, first: bigint, last: bigint): void {
    const reach = this.#reach.get(partition)
    if (reach !== undefined && first <= reach && last >= reach) {
      this.#reach.set(partition, last + 1n)
    }
  }

  advance(partition: number, next: bigint): void {
    this.#expected.set(partition, next)
    this.#reach.set(partition, next)
    this.#fruitlessSeeks.delete(partition)
  }
}

/** For a log. */
export function offsetTexts(
  offsets: ReadonlyMap<number, bigint>,
): Readonly<Record<string, string>> {
  return Object.fromEntries([...offsets].map(([partition, offset]) => [partition, String(offset)]))
}
