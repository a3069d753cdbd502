import type { Round } from '@tenseams/rollout/gate'
import type { RolloutEvent } from '@tenseams/rollout/machine/states'
import type { Plan } from '@tenseams/rollout/plan'

/** Steps that were left forwards although their gate had not passed, judged by the values in the log and not by the library. */
export function promotionsWithoutGate(
  plan: Plan,
  events: readonly RolloutEvent[],
): readonly string[] {
  const found: string[] = []
  let rounds: Round[] = []
  for (const event of events) {
    if (event.type === 'GateObserved') rounds.push(event.round)
    const left = leftForwards(event)
    const gate = left === undefined ? undefined : plan[left]?.gate
    if (gate !== undefined) {
      const last = rounds.slice(-gate.passesInARow)
      const isPassed =
        last.length === gate.passesInARow && last.every((round) => isGood(gate, round))
      if (!isPassed) found.push(`step ${left} was promoted without its gate`)
    }
    if (event.type !== 'GateObserved') rounds = []
  }
  return found
}

function leftForwards(event: RolloutEvent): number | undefined {
  if (event.type === 'Completed') return event.step
  return event.type === 'EntryBegun' && event.step > 0 ? event.step - 1 : undefined
}

/** In the model, every good value is below 100, and every other one is not. */
function isGood({ rules }: Plan[number]['gate'], round: Round): boolean {
  return rules.every(({ metric }) => {
    const value = round.rules.find((result) => result.metric === metric)?.value
    return value !== undefined && value < 100
  })
}
