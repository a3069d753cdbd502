import { readMix } from '../load/generator/mix.ts'
import type { Measured } from '../load/run.ts'
import { dieOf, listenToSignals } from '../runner/instances/guardian.ts'
import { addCheckout, removeCheckout, thisCheckout } from './whole-way/checkout.ts'
import { type Round, sidesOf, wholeWayLines } from './whole-way/table.ts'
import { type TurnSettings, takeTurn } from './whole-way/turn.ts'

export type WholeWayWish = Pick<TurnSettings, 'profile' | 'rate'> & {
  readonly base: string
  readonly rounds: number
  readonly seconds: number
}

/** A ramp as long as JVMs need to compile what an order runs through: every turn begins with processes that are new. */
const RAMP_MS = 20_000

/**
 * This commit beside a base, turn by turn, each on an instance of its own. All that was started and installed for the base is gone
 * at the end, also after a signal; after a SIGKILL its folder stays among the temporary ones.
 *
 * @returns true: a ratio has no goal.
 * @throws VerbError when every round was void.
 */
export async function benchWholeWay(wish: WholeWayWish): Promise<boolean> {
  const { base: commit, rounds: count, seconds, profile, rate } = wish
  const base = addCheckout(commit)
  const checkouts = { base, ours: thisCheckout() }
  const remove = () => removeCheckout(base)
  const unlisten = onSignalBetweenTurns(remove)
  const rounds: Round[] = []
  try {
    console.log(`base ${base.commit}, this ${checkouts.ours.commit}, profile ${profile}`)
    for (let round = 0; round < count; round += 1) {
      console.log(`round ${round + 1} of ${count}`)
      const turns = new Map<keyof Round, Measured>()
      for (const side of sidesOf(round)) {
        const conditions = conditionsOf(seconds * 1_000, round)
        turns.set(side, await takeTurn(checkouts[side], { profile, rate, conditions }, remove))
      }
      const [theirs, ours] = [turns.get('base'), turns.get('ours')]
      if (theirs !== undefined && ours !== undefined) rounds.push({ base: theirs, ours })
    }
  } finally {
    remove()
    unlisten()
  }
  for (const line of wholeWayLines(rounds)) console.log(line)
  return true
}

/** In a turn its guard listens as well: that ends the instance first, then removes, and ends this process. */
function onSignalBetweenTurns(remove: () => void): () => void {
  return listenToSignals((signal) => {
    if (process.listenerCount(signal) > 1) return
    remove()
    dieOf(signal)
  })
}

/** Both sides of a round get the same load. */
function conditionsOf(durationMs: number, round: number): TurnSettings['conditions'] {
  return {
    ...{ durationMs, rampMs: RAMP_MS, mix: readMix('orders=1'), repeatedShare: 0 },
    ...{ arrivals: 'even', seed: round + 1, maxInFlight: 1_000 },
  }
}
