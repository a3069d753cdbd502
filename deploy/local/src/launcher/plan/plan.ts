import type { Part } from './part.ts'
import type { Profile } from './profiles.ts'

/** A part with those needs that are of the chosen profile. */
export type Planned<P extends Part = Part> = { readonly part: P; readonly needs: readonly string[] }

/** The table of parts contradicts itself: a fault of ours, not of the machine. */
export class PlanError extends Error {
  readonly code = 'PLAN_IMPOSSIBLE'
  readonly retriable = false
}

/**
 * Chooses the parts of a profile and orders them so that each comes after all that it needs. Parts that do not wait for
 * each other may be started at once; the order of the table is kept otherwise.
 *
 * @param only When given, these parts and all that they need, and nothing else of the profile.
 * @throws PlanError when a name is of no part of the profile, or parts wait for each other in a circle.
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
      if (!known.has(need)) throw new PlanError(`${part.name} needs ${need}, which is no part`)
    }
    return { part, needs: part.needs.filter((need) => chosenNames.has(need)) }
  })
  const ordered = inOrder(planned)
  return only === undefined ? ordered : neededFor(ordered, only, profile)
}

function neededFor(
  ordered: readonly Planned[],
  only: readonly string[],
  profile: Profile,
): readonly Planned[] {
  for (const name of only) {
    if (ordered.some(({ part }) => part.name === name)) continue
    const names = ordered.map(({ part }) => part.name).join(', ')
    throw new PlanError(`"${name}" is no part of the profile ${profile}; these are: ${names}`)
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
      throw new PlanError(`these wait for each other: ${names}`)
    }
    for (const planned of free) placed.add(planned.part.name)
    ordered.push(...free)
    waiting = waiting.filter(({ part }) => !placed.has(part.name))
  }
  return ordered
}

/** Turns the plan round: each part waits for those that need it. Steps have nothing to stop and are passed over. */
export function planStop(plan: readonly Planned[]): readonly Planned[] {
  return plan.toReversed().map(({ part }) => ({
    part,
    needs: plan.filter(({ needs }) => needs.includes(part.name)).map((user) => user.part.name),
  }))
}
