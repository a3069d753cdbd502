import type { Flaws } from '../flaws/flaws.ts'
import { withVirtualTime } from '../world/virtual-time.ts'
import type { Coverage } from './coverage.ts'
import { judge, type Violation } from './judge.ts'
import type { Scenario } from './scenario.ts'
import { System } from './system.ts'

export type Outcome = {
  readonly violations: readonly Violation[]
  readonly coverage: Coverage
  readonly trace: readonly string[]
  readonly endedAtMs: number
}

/** Long after the last fault: what is not in its sink by then is lost or stuck. */
export const BOUND_MS = 120_000
/** How long a run continues after the last expected effect, so that a late second one is seen. */
const AFTERMATH_MS = 1_500
const LOOK_MS = 500

/** Runs a scenario to its end and judges the result. */
export async function simulate(
  scenario: Scenario,
  flaws: Flaws = {},
  { traced = false } = {},
): Promise<Outcome> {
  const system = new System(scenario, flaws, traced)
  const { world } = system
  return withVirtualTime(world, async () => {
    system.begin()
    let isOver = false
    let drainedAt = Number.POSITIVE_INFINITY
    const look = () => {
      if (!isDrained(system)) drainedAt = Number.POSITIVE_INFINITY
      else if (drainedAt === Number.POSITIVE_INFINITY) drainedAt = world.now
      isOver = world.now - drainedAt >= AFTERMATH_MS
      world.at(LOOK_MS, undefined, look)
    }
    world.at(lastFaultMs(scenario), undefined, look)
    await world.run(BOUND_MS, () => isOver)
    const violations = await judge(system)
    const coverage = system.finish()
    return { violations, coverage, trace: world.trace ?? [], endedAtMs: world.now }
  })
}

function lastFaultMs({ records }: Scenario): number {
  return records.at(-1)?.atMs ?? 0
}

/** Whether the readers have read everything; their results are judged elsewhere. */
function isDrained(system: System): boolean {
  const { broker, roles } = system
  if (!system.isQuiet) return false
  const passed = (topic: string, committed: ReadonlyMap<string, number>) =>
    broker.logs(topic).every((log, partition) => {
      const last = log.visible().at(-1)?.offset
      return last === undefined || (committed.get(`${topic}-${partition}`) ?? 0) > last
    })
  return roles.every((role) => {
    if (role === 'loop') return passed('in', broker.offsets.read('loop'))
    if (role === 'inbox') return passed('out', broker.offsets.read('inbox'))
    return passed('out', system.lakeOffsets)
  })
}
