import { setImmediate } from 'node:timers/promises'
import type { Flaws } from '../flaws/flaws.ts'
import { RunsCovered } from './coverage.ts'
import { scenarioOf } from './scenario.ts'
import type { Failing } from './shrink.ts'
import { simulate } from './simulate.ts'

export type Exploration = {
  readonly runs: number
  readonly covered: RunsCovered
  readonly failing: readonly Failing[]
}

/** After this many runs the event loop gets a turn. */
const RUNS_A_TURN = 50
/** The first failing case is rarely the one that shrinks most. */
const MOST_FAILING = 5

/** Runs one seed after another until enough have violated a promise. */
export async function explore(
  seeds: { readonly from: number; readonly count: number },
  flaws: Flaws = {},
  mostFailing = MOST_FAILING,
): Promise<Exploration> {
  const covered = new RunsCovered()
  const failing: Failing[] = []
  for (let runs = 0; runs < seeds.count; runs++) {
    const scenario = scenarioOf(seeds.from + runs)
    const outcome = await simulate(scenario, flaws)
    covered.add(outcome.coverage)
    if (outcome.violations.length > 0) failing.push({ scenario, outcome })
    if (failing.length === mostFailing) return { runs: runs + 1, covered, failing }
    if (runs % RUNS_A_TURN === 0) await setImmediate()
  }
  return { runs: seeds.count, covered, failing }
}

export type Verdict = 'holds' | 'refuted' | 'undecided'

/** From this many runs on, a required event that never occurred is a fault of the simulation. */
export const ENOUGH_RUNS = 5_000

/** Runs without violations count only when every required event has occurred. */
export function verdictOf({ runs, covered, failing }: Exploration): Verdict {
  if (failing.length > 0) return 'refuted'
  return runs >= ENOUGH_RUNS && covered.missing.length > 0 ? 'undecided' : 'holds'
}
