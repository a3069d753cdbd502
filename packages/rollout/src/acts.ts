import type { Change, Side } from './change.ts'
import { type Flag, flagName, purposeOf } from './flags/flags-file.ts'
import type { Evidence } from './machine/states.ts'
import type { Step } from './plan.ts'
import { turnAuthority } from './turn-authority.ts'

/** One thing that is done to the world. Idempotent: after a kill it is done again. */
export type Act = {
  readonly name: string
  readonly run: (context: ActContext) => Promise<Evidence | undefined>
}

export type ActContext = {
  readonly signal: AbortSignal
  /** Version of the log at which the transition was written. */
  readonly term: number
}

export type World = {
  readonly change: Change
  readonly setFlag: (name: string, flag: Flag) => void | Promise<void>
  /** How long writes stay closed when the controller dies during a turn. */
  readonly leaseMs: number
}

/** What entering a step does, in this order. */
export function actsOfEntering(world: World, index: number): readonly Act[] {
  const { change } = world
  const step = change.plan[index]
  switch (step?.phase) {
    case undefined:
    case 'baseline':
      return []
    case 'shadow':
      return [partAct('shadow', 'start', change.shadow), flagAct(world, step, step.percent ?? 0)]
    case 'dual-write':
      return [partAct('dual writing', 'start', change.dualWrite)]
    case 'backfill-before':
      return [partAct('backfill', 'start', change.backfillBefore)]
    case 'cutover-reads':
      return [flagAct(world, step, step.percent ?? 0)]
    case 'cutover-writes':
      return [
        partAct('reverse sync', 'start', change.reverseSync),
        turnAct(world, 'new'),
        ...partActs('shadow', 'stop', change.shadow),
      ]
    case 'backfill-after':
      return [partAct('backfill', 'start', change.backfillAfter)]
    case 'retire-rights':
      return [retireAct('revoke', change)]
    case 'retire-data':
      return [
        partAct('reverse sync', 'stop', change.reverseSync),
        ...partActs('dual writing', 'stop', change.dualWrite),
        retireAct('remove', change),
      ]
  }
}

/** What undoing a step does, in this order: the same from a step whose entering was cut off at any act. */
export function actsOfUndoing(world: World, index: number): readonly Act[] {
  const { change } = world
  const step = change.plan[index]
  switch (step?.phase) {
    case undefined:
    case 'baseline':
      return []
    case 'shadow': {
      const before = percentBefore(change, index)
      const toBefore = flagAct(world, step, before)
      return before > 0 ? [toBefore] : [toBefore, ...givenUp('shadow', change.shadow)]
    }
    case 'dual-write':
      return givenUp('dual writing', change.dualWrite)
    case 'backfill-before':
      return givenUp('backfill', change.backfillBefore)
    case 'cutover-reads':
      return [flagAct(world, step, percentBefore(change, index))]
    case 'cutover-writes':
      return [
        ...partActs('shadow', 'start', change.shadow),
        turnAct(world, 'old'),
        partAct('reverse sync', 'stop', change.reverseSync),
      ]
    case 'backfill-after':
      return givenUp('backfill', change.backfillAfter)
    case 'retire-rights':
      return [retireAct('grant', change)]
    case 'retire-data':
      return [
        retireAct('restore', change),
        ...partActs('dual writing', 'start', change.dualWrite),
        partAct('reverse sync', 'start', change.reverseSync),
      ]
  }
}

function percentBefore({ plan }: Change, index: number): number {
  const [step, before] = [plan[index], plan[index - 1]]
  return before?.phase === step?.phase ? (before?.percent ?? 0) : 0
}

type Part = Change['shadow']

function partAct(name: string, what: 'start' | 'stop' | 'discard', part: Part): Act {
  return {
    name: `${what} ${name}`,
    run: async ({ signal }) => {
      if (part === undefined) throw new Error(`the change has no ${name}`)
      await part[what](signal)
      return undefined
    },
  }
}

/** Nothing where the change does without that part. */
function partActs(name: string, what: 'start' | 'stop', part: Part): readonly Act[] {
  return part === undefined ? [] : [partAct(name, what, part)]
}

function givenUp(name: string, part: Part): readonly Act[] {
  return [partAct(name, 'stop', part), partAct(name, 'discard', part)]
}

function flagAct({ change, setFlag }: World, { phase }: Step, percent: number): Act {
  const purpose = purposeOf[phase]
  return {
    name: `${purpose} ${percent} %`,
    run: async ({ term }) => {
      if (purpose === undefined) throw new Error(`${phase} has no flag`)
      await setFlag(flagName(change.name, purpose), { percent, term })
      return undefined
    },
  }
}

function turnAct({ change, leaseMs }: World, to: Side): Act {
  return {
    name: `give the ${to} side the authority to write`,
    run: ({ signal, term }) => turnAuthority(change, { to, term, leaseMs, signal }),
  }
}

function retireAct(what: 'revoke' | 'grant' | 'remove' | 'restore', change: Change): Act {
  return {
    name: `${what} what is retired`,
    run: async ({ signal }) => {
      if (change.retirement === undefined) throw new Error('the change has no retirement')
      await change.retirement[what](signal)
      return undefined
    },
  }
}
