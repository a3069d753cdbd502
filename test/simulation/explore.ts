import { setImmediate } from 'node:timers/promises'
import { RunsCovered } from './coverage.ts'
import type { Flaws } from './flaws.ts'
import { scenarioOf } from './scenario.ts'
import type { Failing } from './shrink.ts'
import { simulate } from './simulate.ts'

export type Exploration = {
  readonly runs: number
  readonly covered: RunsCovered
  readonly failing: Failing | undefined
}

/** After so many runs the rest of the process gets its turn. */
const RUNS_A_TURN = 50

/** Runs seed after seed until one breaks a promise. */
export async function explore(
  seeds: { readonly from: number; readonly count: number },
  flaws: Flaws = {},
): Promise<Exploration> {
  const covered = new RunsCovered()
  for (let runs = 0; runs < seeds.count; runs++) {
    const scenario = scenarioOf(seeds.from + runs)
    const outcome = await simulate(scenario, flaws)
    covered.add(outcome.coverage)
    if (outcome.violations.length > 0) {
      return { runs: runs + 1, covered, failing: { scenario, outcome } }
    }
    if (runs % RUNS_A_TURN === 0) await setImmediate()
  }
  return { runs: seeds.count, covered, failing: undefined }
}

export type Verdict = 'holds' | 'refuted' | 'undecided'

/** From so many runs on, something that never occurred is a fault of the simulation. */
export const ENOUGH_RUNS = 5_000

/** Silence counts only when everything that it is about has occurred. */
export function verdictOf({ runs, covered, failing }: Exploration): Verdict {
  if (failing !== undefined) return 'refuted'
  return runs >= ENOUGH_RUNS && covered.missing.length > 0 ? 'undecided' : 'holds'
}
