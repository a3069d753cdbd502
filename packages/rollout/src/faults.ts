import type { Change } from './change.ts'
import { hasPercent, type Phase, type Plan, phases, type Step, titleOf } from './plan.ts'

/** Everything that is wrong with a change's plan: a rollout with one fault does not start. */
export function faultsOf(change: Change): readonly string[] {
  return [
    ...orderFaults(change.plan),
    ...memberFaults(change),
    ...gateFaults(change),
    ...growthFaults(change.plan),
  ]
}

function orderFaults(plan: Plan): readonly string[] {
  const faults: string[] = []
  if (plan[0]?.phase !== 'baseline') faults.push('a plan begins with baseline')
  for (const [index, step] of plan.entries()) {
    const title = titleOf(step)
    const before = plan[index - 1]
    if (hasPercent(step.phase) !== (step.percent !== undefined)) {
      faults.push(`${title}: percent belongs to shadow and cutover-reads, and to these only`)
    } else if (step.percent !== undefined && !(step.percent > 0 && step.percent <= 100)) {
      faults.push(`${title}: percent is above 0, and 100 at most`)
    }
    if (before !== undefined && !isAfter(step, before)) {
      faults.push(`${title} cannot come after ${titleOf(before)}`)
    }
    const next = plan[index + 1]
    if (hasPercent(step.phase) && next?.phase !== step.phase && step.percent !== 100) {
      faults.push(`${title}: the last step of ${step.phase} is 100 %`)
    }
  }
  return faults
}

function isAfter(step: Step, before: Step): boolean {
  const difference = phases.indexOf(step.phase) - phases.indexOf(before.phase)
  if (difference !== 0) return difference > 0
  return step.percent !== undefined && before.percent !== undefined && step.percent > before.percent
}

const needed: Readonly<Record<Phase, readonly (keyof Change)[]>> = {
  baseline: [],
  shadow: ['shadow'],
  'dual-write': ['dualWrite'],
  'backfill-before': ['backfillBefore'],
  'cutover-reads': [],
  'cutover-writes': ['authority', 'writers', 'comparison', 'reverseSync'],
  'backfill-after': ['backfillAfter'],
  'retire-rights': ['retirement'],
  'retire-data': ['retirement'],
}

function memberFaults(change: Change): readonly string[] {
  const used = phases.filter((phase) => change.plan.some((step) => step.phase === phase))
  return used.flatMap((phase) =>
    needed[phase]
      .filter((member) => change[member] === undefined)
      .map((member) => `${phase} needs the change's ${member}`),
  )
}

function gateFaults({ plan, probes }: Change): readonly string[] {
  return plan.flatMap((step) => {
    const { rules, passesInARow } = step.gate
    const unknown = rules
      .filter(({ metric }) => probes[metric] === undefined)
      .map(({ metric }) => `${titleOf(step)}: there is no probe for ${metric}`)
    const empty = rules.length === 0 || passesInARow < 1
    return empty
      ? [...unknown, `${titleOf(step)}: a gate without a rule lets everything through`]
      : unknown
  })
}

function growthFaults(plan: Plan): readonly string[] {
  const measured = new Set(plan[0]?.gate.rules.map(({ metric }) => metric))
  return plan.flatMap((step) =>
    step.gate.rules
      .filter(({ kind, metric }) => kind === 'growth' && !measured.has(metric))
      .map(
        ({ metric }) =>
          `${titleOf(step)}: ${metric} has no rule in baseline, so there is nothing that it can have grown from`,
      ),
  )
}
