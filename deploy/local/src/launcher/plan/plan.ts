import type { Part } from './part.ts'
import type { Profile } from './profiles.ts'

/** A part with those of its needs that belong to the chosen profile. */
export type Planned<P extends Part = Part> = { readonly part: P; readonly needs: readonly string[] }

/** The table of parts contradicts itself, or names a part that does not exist. */
export class PlanError extends Error {
  readonly code = 'PLAN_IMPOSSIBLE'
  readonly retriable = false
}

/**
 * Chooses the parts of a profile and sorts them so that each comes after everything that it needs; otherwise the order of
 * the table is kept. Parts that do not need each other may start concurrently.
 *
 * @param only when given, only these parts and everything that they need.
 * @throws PlanError when a name belongs to no part of the profile, or parts need each other in a circle.
 */
export function planStart(
  table: readonly Part[],
  profile: Profile,
  only?: readonly string[],
): readonly Planned[] {
  const known = new Set(table.map((part) => part.name))
  const chosen = table.filter((part) => part.profiles.includes(profile))
  const chosenNames = new Set(chosen.map((part) => part.name))
  const planned = chosen.map((part) => {
    for (const need of part.needs) {
      if (!known.has(need)) throw new PlanError(`${part.name} needs ${need}, which does not exist`)
    }
    return { part, needs: part.needs.filter((need) => chosenNames.has(need)) }
  })
  const ordered = inOrder(planned)
  const wanted =
    only === undefined
      ? ordered.filter(({ part }) => part.isOnDemand !== true)
      : neededFor(ordered, only, profile)
  return lastAtTheEnd(wanted)
}

/** Those that come last wait for all others of the plan. */
function lastAtTheEnd(plan: readonly Planned[]): readonly Planned[] {
  const [last = [], others = []] = [true, false].map((isLast) =>
    plan.filter(({ part }) => (part.isLast === true) === isLast),
  )
  const names = others.map(({ part }) => part.name)
  return [
    ...others,
    ...last.map(({ part, needs }) => ({ part, needs: [...new Set([...names, ...needs])] })),
  ]
}

function neededFor(
  ordered: readonly Planned[],
  only: readonly string[],
  profile: Profile,
): readonly Planned[] {
  for (const name of only) {
    if (ordered.some(({ part }) => part.name === name)) continue
    const names = ordered.map(({ part }) => part.name).join(', ')
    throw new PlanError(`the profile ${profile} has no part "${name}"; it has: ${names}`)
  }
  const wanted = new Set(only)
  for (const { part, needs } of ordered.toReversed()) {
    if (wanted.has(part.name)) for (const need of needs) wanted.add(need)
  }
  return ordered.filter(({ part }) => wanted.has(part.name))
}

function inOrder(parts: readonly Planned[]): readonly Planned[] {
  const ordered: Planned[] = []
  const placed = new Set<string>()
  let waiting = parts
  while (waiting.length > 0) {
    const free = waiting.filter(({ needs }) => needs.every((need) => placed.has(need)))
    if (free.length === 0) {
      const names = waiting.map(({ part }) => part.name).join(', ')
      throw new PlanError(`these need each other in a circle: ${names}`)
    }
    for (const planned of free) placed.add(planned.part.name)
    ordered.push(...free)
    waiting = waiting.filter(({ part }) => !placed.has(part.name))
  }
  return ordered
}

/** Every part that can run, whoever has started it, in the order of a start. */
export function planAll(table: readonly Part[]): readonly Planned[] {
  return inOrder(table.map((part) => ({ part, needs: part.needs })))
}

/** Reverses the plan: each part waits for those that need it. */
export function planStop(plan: readonly Planned[]): readonly Planned[] {
  return plan.toReversed().map(({ part }) => ({
    part,
    needs: plan.filter(({ needs }) => needs.includes(part.name)).map((user) => user.part.name),
  }))
}
