import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { VerbError } from '@tenseams/cli/errors'
import type { Profile } from '@tenseams/local/launcher/plan/profiles'
import { bounds } from '../../load/arguments.ts'
import type { Conditions } from '../../load/measure.ts'
import { System } from '../../load/observe/system.ts'
import { stepLine } from '../../load/report/summary.ts'
import { type Measured, runLoad } from '../../load/run.ts'
import { findInstance } from '../../load/target.ts'
import { guard } from '../../runner/instances/guardian.ts'
import { endAtOnce, freeOffset, instanceOf } from '../../runner/instances/instance.ts'
import { runProgram } from '../../runner/program.ts'
import type { Checkout } from './checkout.ts'

export type TurnSettings = {
  readonly profile: Profile
  readonly conditions: Conditions
  /** Held in each turn; undefined when each turn looks for its knee. */
  readonly rate: number | undefined
}

/** With npm's and Maven's downloads, when it is the first turn of a base. */
const START_TIMEOUT_MS = 1_800_000
const FIRST_RATE = 20

/**
 * Starts an instance of a checkout by its own verbs, with data of its own, measures it with the load of this checkout, and ends
 * it: at rest, too, an instance takes most of a core, so no two run at once.
 *
 * @param onSignal what has to be done when this process is ended meanwhile, beside ending the instance.
 */
export async function takeTurn(
  checkout: Checkout,
  { profile, conditions, rate }: TurnSettings,
  onSignal: () => void,
): Promise<Measured> {
  const { root } = checkout
  const started = { instance: instanceOf(process.pid), portOffset: freeOffset(), root }
  endAtOnce(started.instance, { root })
  const unguard = guard(started, onSignal)
  try {
    await start(checkout, started, profile)
    const target = await findInstance(started.instance, started.portOffset, root)
    requireIdentity(checkout, target.secretsFolder)
    const system = await System.open(target)
    try {
      return await runLoad({
        measuring: {
          ...{ url: target.url, conditions, system, show: () => undefined },
          // A signal ends this process: `guard` above.
          signal: new AbortController().signal,
        },
        ...{ rate: rate ?? FIRST_RATE, isKneeWanted: rate === undefined },
        mostRate: bounds.ratePerSecond,
        onStep: (step) => console.log(`  ${checkout.name.padEnd(5)}${stepLine(step)}`),
      })
    } finally {
      await system.close()
    }
  } finally {
    endAtOnce(started.instance, { root })
    unguard()
  }
}

/** The load logs in, so a base from before there were logins would fail in the middle of its first turn. */
function requireIdentity({ name, commit }: Checkout, secretsFolder: string): void {
  if (existsSync(join(secretsFolder, 'load.json'))) return
  throw new VerbError(
    `${name} (${commit}) has no identity for the load: choose a later base, or measure that one by its own \`npm run load\``,
  )
}

async function start(
  { name, root, commit }: Checkout,
  { instance, portOffset }: { readonly instance: string; readonly portOffset: number },
  profile: Profile,
): Promise<void> {
  const options = ['--instance', instance, '--port-offset', String(portOffset)]
  const { ok, output, reason } = await runProgram({
    file: join(root, 'deploy/local/begin.js'),
    parameters: ['stack', 'up', '--profile', profile, ...options],
    timeoutMs: START_TIMEOUT_MS,
  })
  if (ok) return
  const end = output.trim().split('\n').slice(-20).join('\n  | ')
  throw new VerbError(`${name} (${commit}) did not start: ${reason}\n  | ${end}`)
}
