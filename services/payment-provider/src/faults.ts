import { type Static, Type } from 'typebox'

const kinds = ['slow', 'fail', 'lose-answer', 'late-answer', 'decline', 'ignore-keys'] as const

/**
 * What the provider can be told to do wrong:
 *
 * - `slow`: waits before it does anything
 * - `fail`: answers 500 and has done nothing
 * - `lose-answer`: takes the money, then answers 500
 * - `late-answer`: takes the money at once, and answers when the caller has given up
 * - `decline`: declines whatever the method says
 * - `ignore-keys`: takes a repeated Idempotency-Key for a new one, and the money again
 */
export const Fault = Type.Object(
  {
    kind: Type.Enum(kinds),
    /** Every how many-th charge it happens to; 1 for each. */
    every: Type.Integer({ minimum: 1, maximum: 1_000 }),
    /** For `slow` and `late-answer`. */
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30_000 })),
  },
  { additionalProperties: false },
)

export type Fault = Static<typeof Fault>
export type FaultKind = (typeof kinds)[number]

/** The faults that are on, and how many charges have come since they were. A restart forgets them: it is a drill. */
export class Faults {
  #faults: readonly Fault[] = []
  #charges = 0

  get current(): readonly Fault[] {
    return this.#faults
  }

  replace(faults: readonly Fault[]): void {
    this.#faults = faults
    this.#charges = 0
  }

  /** Those that the next charge meets, by kind. */
  next(): ReadonlyMap<FaultKind, Fault> {
    this.#charges += 1
    return faultsAt(this.#faults, this.#charges)
  }
}

/** @param charge counted from 1. */
export function faultsAt(faults: readonly Fault[], charge: number): ReadonlyMap<FaultKind, Fault> {
  const met = faults.filter(({ every }) => charge % every === 0)
  return new Map(met.map((fault) => [fault.kind, fault]))
}
