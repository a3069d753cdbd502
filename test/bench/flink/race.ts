import { cancelJob } from '@tenseams/flink-jobs/flink/cluster'
import { runScript } from '@tenseams/flink-jobs/run/run-script'
import { flinkFileUrl } from '@tenseams/flink-jobs/script/file-url'
import { type Script, scriptOf } from '@tenseams/flink-jobs/script/script'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { flinkEndpointsOf } from '../../support/flink-access.ts'
import { microsBetween, threadTimesOf } from '../eos/cpu.ts'
import type { Arrivals } from './arrivals.ts'
import type { Contestant } from './contestants.ts'
import type { Load } from './load.ts'

/** One contestant's run through the whole load, from its submission on. */
export type Turn = { readonly perCpuSecond: number; readonly perSecond: number }

const TURN_MS = 240_000

/** Our script for a job of the bench, with some settings of Flink changed. */
export function scriptFor(
  stack: Stack,
  { job, settings }: Pick<Contestant, 'job' | 'settings'>,
): Script {
  const stateUrl = flinkFileUrl(stack.context.paths.flinkState)
  const script = scriptOf(job, flinkEndpointsOf(stack.endpoints), { stateUrl })
  return { ...script, settings: { ...script.settings, ...settings } }
}

/**
 * Lets a contestant read the load from its beginning, alone, and returns the CPU time of the TaskManager's process until the
 * last window was written. It includes the job's start and the JIT compilers.
 *
 * @throws Error when the contestant's result is wrong.
 */
export async function turn(
  stack: Stack,
  contestant: Contestant,
  load: Load,
  arrivals: Arrivals,
): Promise<Turn> {
  const flink = { ...stack.endpoints, gatewayUrl: stack.endpoints.sqlGatewayUrl }
  const { window, job, name } = contestant
  const before = arrivals.seen(window)
  const due = load.due[window]
  const pid = await taskManagerOf(stack)
  const cpu = threadTimesOf(pid)
  const begun = performance.now()
  const id = await runScript(job, scriptFor(stack, contestant), flink)
  const submitted = performance.now()
  const come = () => arrivals.seen(window).rows - before.rows
  await eventually(() => come() >= due.rows, {
    ...{ timeoutMs: TURN_MS, intervalMs: 20, what: `all windows of ${name}` },
  })
  const wallMs = performance.now() - submitted
  const micros = microsBetween(cpu, threadTimesOf(pid))
  await cancelJob(flink, id)
  const counted = arrivals.seen(window).counted - before.counted
  if (counted !== due.counted || come() !== due.rows) {
    throw new Error(`${name}: ${counted} in ${come()} rows, not ${due.counted} in ${due.rows}`)
  }
  const records = load.orders * contestant.recordsAnOrder
  console.error(`  ${name}: ${Math.round(performance.now() - begun)} ms`)
  return { perCpuSecond: (records / micros) * 1e6, perSecond: (records / wallMs) * 1_000 }
}

async function taskManagerOf(stack: Stack): Promise<number> {
  const found = (await stack.status()).find(({ name }) => name === 'flink-taskmanager')?.pid
  if (found === undefined) throw new Error('the TaskManager does not run')
  return found
}
