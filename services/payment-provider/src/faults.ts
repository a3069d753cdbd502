import { type Static, Type } from 'typebox'
import type { Request } from './domain/payment.ts'

const kinds = ['slow', 'fail', 'lose-answer', 'late-answer', 'decline', 'ignore-keys'] as const
const requests = ['authorise', 'capture', 'void', 'refund'] as const satisfies readonly Request[]

/**
 * What the provider can be told to do wrong:
 *
 * - `slow`: waits before it does anything
 * - `fail`: answers 500 and has done nothing
 * - `lose-answer`: moves the money, then answers 500
 * - `late-answer`: moves the money at once, and answers when the caller has given up
 * - `decline`: declines whatever the method says
 * - `ignore-keys`: takes a repeated Idempotency-Key for a new one: a second payment, the money captured again
 */
export const Fault = Type.Object(
  {
    kind: Type.Enum(kinds),
    /** Every how many-th request it happens to; 1 for each. */
    every: Type.Integer({ minimum: 1, maximum: 1_000 }),
    /** Only requests of this kind; without it, all. */
    operation: Type.Optional(Type.Enum(requests)),
    /** For `slow` and `late-answer`. */
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30_000 })),
  },
  { additionalProperties: false },
)

export type Fault = Static<typeof Fault>
export type FaultKind = (typeof kinds)[number]

/** The faults that a request meets, by kind. */
export type MetFaults = ReadonlyMap<FaultKind, Fault>

/** The faults that are on, and how many requests each has seen since. A restart forgets them: it is a drill. */
export class Faults {
  #faults: readonly { readonly fault: Fault; seen: number }[] = []

  get current(): readonly Fault[] {
    return this.#faults.map(({ fault }) => fault)
  }

  replace(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, seen: 0 }))
  }

  /** Those that the next request meets. */
  next(request: Request): MetFaults {
    const met = new Map<FaultKind, Fault>()
    for (const one of this.#faults) {
      const { fault } = one
      if (fault.operation !== undefined && fault.operation !== request) continue
      one.seen += 1
      if (one.seen % fault.every === 0) met.set(fault.kind, fault)
    }
    return met
  }
}
