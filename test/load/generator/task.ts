import type { Mix } from './mix.ts'
import type { Offer } from './schedule.ts'
import type { Kind } from './shopper.ts'

/** What a generator is told to do. */
export type Task = {
  readonly url: string
  readonly run: number
  readonly offer: Offer
  readonly mix: Mix
  readonly repeatedShare: number
  readonly maxInFlight: number
  readonly requestTimeoutMs: number
  /** Of the identity as which the load is sent; without it, as nobody. */
  readonly credentialsFile?: string | undefined
}

/** What becomes of the requests of one kind that were due after the ramp. */
export type KindResult = {
  readonly due: number
  readonly answered: number
  /** How often, by the reason. */
  readonly failed: Readonly<Record<string, number>>
  /** From when they were due until they were answered, as `Latencies.encode` has it. */
  readonly latencies: string
}

/** How far a generator is. */
export type Progress = {
  readonly due: number
  readonly answered: number
  readonly failed: number
  readonly inFlight: number
}

export type GeneratorResult = {
  readonly kinds: Readonly<Partial<Record<Kind, KindResult>>>
  /** Requests that were due after the ramp, and answers, to whichever request, that came in that time. */
  readonly due: number
  readonly answeredInTime: number
  /** Due, and not sent: as many waited for their answers as may. */
  readonly notSent: number
  /** Orders that were accepted from the beginning on. */
  readonly accepted: number
  /** From when requests were due until they were sent. */
  readonly sentLate: string
  /** Of this process, after the ramp. */
  readonly cpuMs: number
  /** From the end of the ramp until the load ended: less than was asked for after an interruption. */
  readonly measuredMs: number
}

/** From the generator: `ready` once, then its progress every second, at last its result. */
export type FromGenerator =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'result'; readonly result: GeneratorResult }
  | { readonly kind: 'failed'; readonly message: string }

export type ToGenerator =
  | { readonly kind: 'begin'; readonly beginMs: number }
  /** Send nothing more, and tell what was measured so far. */
  | { readonly kind: 'end' }
