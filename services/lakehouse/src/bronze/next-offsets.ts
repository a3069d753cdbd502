import { type BatchPlan, type OffsetSpan, planBatch } from '@tenseams/iceberg/offsets/offsets'

/**
 * The next offset of each partition of a topic: the table's offset plus what is buffered.
 *
 * kafkajs delivers no batch that holds only aborted or control records; it skips them. Such a range may be passed when it
 * adjoins the expected offset. Otherwise the next batch would seem to begin too late, and the partition would seek for ever.
 */
export class NextOffsets {
  readonly #expected = new Map<number, bigint>()
  readonly #reach = new Map<number, bigint>()
  readonly #fruitlessSeeks = new Map<number, number>()

  constructor(offsets: ReadonlyMap<number, bigint>) {
    for (const [partition, offset] of offsets) this.advance(partition, offset)
  }

  get all(): ReadonlyMap<number, bigint> {
    return this.#expected
  }

  /** How many seeks brought the wrong batch since the last one that was accepted. */
  fruitlessSeeks(partition: number): number {
    return this.#fruitlessSeeks.get(partition) ?? 0
  }

  /** @returns undefined for a partition that was not there when the table was opened. */
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

  /** A range of the log without a committed record, both ends included. */
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

/** Offsets as text, for a log line: JSON has no bigint. */
export function offsetTexts(
  offsets: ReadonlyMap<number, bigint>,
): Readonly<Record<string, string>> {
  return Object.fromEntries([...offsets].map(([partition, offset]) => [partition, String(offset)]))
}
