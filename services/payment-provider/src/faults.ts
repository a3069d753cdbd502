import { type Static, Type } from 'typebox'
import type { Request } from './domain/payment.ts'

const kinds = ['slow', 'fail', 'lose-answer', 'late-answer', 'decline', 'ignore-keys'] as const
const requests = ['authorise', 'capture', 'void', 'refund'] as const satisfies readonly Request[]

/**
 * What the simulated provider can be told to do wrong:
 *
 * - `slow`: waits before it does anything
 * - `fail`: answers 500 and has done nothing
 * - `lose-answer`: moves the money, then answers 500
 * - `late-answer`: moves the money at once, and answers after a delay, when the caller has timed out
 * - `decline`: declines, whatever the payment method
 * - `ignore-keys`: treats a repeated Idempotency-Key as a new one: a second payment, or a second capture
 */
export const Fault = Type.Object(
  {
    kind: Type.Enum(kinds),
    /** 1: every request has this fault; n: every n-th request. */
    every: Type.Integer({ minimum: 1, maximum: 1_000 }),
    /** Only requests of this kind; when left out, all. */
    operation: Type.Optional(Type.Enum(requests)),
    /** For `slow` and `late-answer`. */
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30_000 })),
  },
  { additionalProperties: false },
)

export type Fault = Static<typeof Fault>
export type FaultKind = (typeof kinds)[number]

/** The faults of one request, by kind. */
export type MetFaults = ReadonlyMap<FaultKind, Fault>

/** The faults that are on, and how many requests each has seen since it was set. In memory: a restart clears them. */
export class Faults {
  #faults: readonly { readonly fault: Fault; seen: number }[] = []

  get current(): readonly Fault[] {
    return this.#faults.map(({ fault }) => fault)
  }

  replace(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, seen: 0 }))
  }

  /** The faults of the next request. */
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
