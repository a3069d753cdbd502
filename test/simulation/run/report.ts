import { describeFault } from '../world/network.ts'
import type { Failing } from './shrink.ts'

/** A consumer that is stuck keeps retrying for long. */
const MOST_STEPS = 150

/** A failing case for people: input, faults, result, and every step between. */
export function report({ scenario, outcome }: Failing): readonly string[] {
  const { seed, kind, records, faults } = scenario
  const more = outcome.trace.length - MOST_STEPS
  return [
    `seed ${seed}, ${kind}: ${records.length} records, ${faults.length} faults`,
    ...records.map(
      ({ atMs, partition, eventId, aborted }) =>
        `  record ${eventId} to partition ${partition} at ${atMs} ms${aborted ? ', aborted' : ''}`,
    ),
    ...faults.map((fault) => `  fault: ${describeFault(fault)}`),
    ...outcome.violations.map((violation) => `  BROKEN: ${violation}`),
    ...outcome.trace.slice(0, MOST_STEPS).map((step) => `  ${step}`),
    ...(more > 0 ? [`  and ${more} steps more`] : []),
  ]
}
