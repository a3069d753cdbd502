import { findKnee, type Knee } from './knee.ts'
import { type Measuring, measure } from './measure.ts'
import type { Step } from './report/step.ts'
import { judge } from './report/verdict.ts'

export type LoadRun = {
  readonly measuring: Measuring
  /** At which the search for the knee begins, or the one that is held. */
  readonly rate: number
  readonly mostRate: number
  readonly isKneeWanted: boolean
  readonly onStep: (step: Step) => void
}

export type Measured = { readonly steps: readonly Step[]; readonly knee: Knee | undefined }

/** Ten percent between kept and refused: what a step of half a minute can tell apart. */
const PRECISION = 1.1
const MOST_STEPS = 20
/** Latency at the knee itself says nothing that is the same twice; below it, it does. */
const SHARES_OF_KNEE = [0.5, 0.7, 0.9]

/**
 * Holds one rate, or looks for the knee and then holds rates below it. The search begins with a step that is not measured: a
 * system that has just started still compiles itself. An abort ends it with the steps so far.
 */
export async function runLoad(run: LoadRun): Promise<Measured> {
  const steps: Step[] = []
  const hold = async (rate: number, awaited: Parameters<typeof measure>[2]): Promise<Step> => {
    const step = await measure(run.measuring, rate, awaited)
    steps.push(step)
    run.onStep(step)
    return step
  }
  if (!run.isKneeWanted) {
    await hold(run.rate, 'orders and lake')
    return { steps, knee: undefined }
  }
  await measure(run.measuring, run.rate, 'orders and lake')
  const knee = await searchKnee(run, (rate) => hold(rate, 'orders'))
  for (const share of knee.kept === undefined ? [] : SHARES_OF_KNEE) {
    if (run.measuring.signal.aborted) break
    await hold((knee.kept ?? 0) * share, 'orders and lake')
  }
  return { steps, knee }
}

/** A step that leaves orders behind would burden the next one, so it is the last of the search. */
async function searchKnee(run: LoadRun, hold: (rate: number) => Promise<Step>): Promise<Knee> {
  const search = {
    ...{ firstRate: run.rate, mostRate: run.mostRate },
    ...{ precision: PRECISION, mostSteps: MOST_STEPS },
  }
  let isOver = false
  return findKnee(search, async (rate) => {
    if (isOver) return undefined
    const step = await hold(rate)
    isOver = step.system?.isSettled === false
    return run.measuring.signal.aborted ? undefined : judge(step).outcome === 'kept'
  })
}
