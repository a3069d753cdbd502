import { randomOf } from '../../proofs/eos/schedule.ts'

export const everyArrivals = ['even', 'poisson'] as const
export type Arrivals = (typeof everyArrivals)[number]

/** The load that is offered: a rate that grows from nothing during the ramp, and is then held. */
export type Offer = {
  readonly ratePerSecond: number
  readonly rampMs: number
  /** From the end of the ramp on. */
  readonly durationMs: number
  /** At equal distances, or independently of each other, as many customers do who do not know of each other. */
  readonly arrivals: Arrivals
  readonly seed: number
}

/**
 * When each request is due, in milliseconds from the beginning, whatever happens to the requests before it.
 *
 * A rate that changes only stretches time: arrivals of rate 1 (each 1 after the one before, or exponentially distributed) are
 * moved to the moment at which the offer has added up to as many.
 */
export function* dueTimes({ ratePerSecond, rampMs, durationMs, arrivals, seed }: Offer) {
  const random = randomOf(seed)
  const next = arrivals === 'even' ? () => 1 : () => -Math.log(1 - random())
  const perMs = ratePerSecond / 1_000
  const ofRamp = (perMs * rampMs) / 2
  const last = ofRamp + perMs * durationMs
  for (let count = arrivals === 'even' ? 0.5 : next(); count < last; count += next()) {
    if (count >= ofRamp) yield rampMs + (count - ofRamp) / perMs
    else yield Math.sqrt((2 * count * rampMs) / perMs)
  }
}
