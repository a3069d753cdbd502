import type { Flaws } from '../flaws/flaws.ts'
import type { Kind, Scenario } from './scenario.ts'
import { type Outcome, simulate } from './simulate.ts'

export type Failing = { readonly scenario: Scenario; readonly outcome: Outcome }

/** The bound of attempts to shrink a case. */
const MOST_RUNS = 400

/**
 * The smallest case that still violates the same promise: fewer consumers, faults and records, until nothing more can be
 * left out. What remains happens as before, because random numbers depend on names, not on order (chance.ts).
 */
async function shrink(failing: Failing, flaws: Flaws): Promise<Failing> {
  const promise = promiseOf(failing.outcome)
  let best = failing
  let runs = 0
  const attempt = async (scenario: Scenario): Promise<boolean> => {
    runs += 1
    const outcome = await simulate(scenario, flaws)
    if (promiseOf(outcome) !== promise) return false
    best = { scenario, outcome }
    return true
  }
  for (const kind of ['loop', 'inbox', 'lake'] satisfies readonly Kind[]) {
    const isWhole = best.scenario.kind === 'chain'
    if (isWhole && (await attempt(only(best.scenario, kind)))) break
  }
  for (let isSmaller = true; isSmaller && runs < MOST_RUNS; ) {
    isSmaller = false
    for (const smaller of smallerThan(best.scenario)) {
      if (runs === MOST_RUNS) break
      if (await attempt(smaller)) {
        isSmaller = true
        break
      }
    }
  }
  const outcome = await simulate(best.scenario, flaws, { traced: true })
  return { scenario: best.scenario, outcome }
}

function only(scenario: Scenario, kind: Kind): Scenario {
  return {
    ...scenario,
    kind,
    faults: scenario.faults.filter(({ process }) => process.startsWith(kind)),
  }
}

/** The smallest of several shrunk cases; undefined when there is none. */
export async function smallestOf(
  cases: readonly Failing[],
  flaws: Flaws,
): Promise<Failing | undefined> {
  const small: Failing[] = []
  for (const failing of cases) small.push(await shrink(failing, flaws))
  return small.toSorted((one, other) => sizeOf(one) - sizeOf(other))[0]
}

function sizeOf({ scenario: { records, faults } }: Failing): number {
  return records.length + 2 * faults.length
}

/** Smaller candidates, the smallest first: parts left out, then faults at an earlier call. */
function* smallerThan(scenario: Scenario): Generator<Scenario> {
  for (const part of ['faults', 'records'] as const) {
    const { length } = scenario[part]
    for (let size = Math.ceil(length / 2); size >= 1; size >>= 1) {
      for (let at = 0; at < length; at += size) {
        yield { ...scenario, [part]: scenario[part].toSpliced(at, size) }
      }
    }
  }
  for (const [index, fault] of scenario.faults.entries()) {
    for (let nth = 1; nth < fault.nth; nth++) {
      yield { ...scenario, faults: scenario.faults.with(index, { ...fault, nth }) }
    }
  }
}

/** `loop, doubled` of `loop, doubled: e7@0:3 is there 2 times`. */
function promiseOf({ violations }: Outcome): string | undefined {
  return violations[0]?.split(':')[0]
}
