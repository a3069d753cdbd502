import { setTimeout as pause } from 'node:timers/promises'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import { interruptible } from '@tenseams/cli/interruption'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { lineView, seconds, type View, viewFor } from '@tenseams/local/launcher/cli/progress-view'
import { statusLines } from '@tenseams/local/launcher/cli/status-view'
import { takeDown } from '@tenseams/local/launcher/cli/take-down'
import { targetHelp } from '@tenseams/local/launcher/cli/target'
import { findMonitoring, MonitoringMissing } from '@tenseams/local/launcher/install/monitoring'
import type { Profile } from '@tenseams/local/launcher/plan/profiles'
import { lastLines } from '@tenseams/local/launcher/supervise/log'
import { componentOf, type Stack, startStack } from '@tenseams/local/launcher/supervise/stack'
import type { PartStatus } from '@tenseams/local/launcher/supervise/status'
import { logFileOf, lookAt } from '@tenseams/local/launcher/supervise/supervisor'
import { components } from '@tenseams/local/parts/parts'
import { type DemonstrationResult, demonstrate } from './demonstration.ts'
import { demonstrationSettings } from './settings.ts'
import { readStartArguments, type StartRequest } from './start-arguments.ts'

const help = `npm start -- [options]

Installs what is missing, starts the whole system on this machine, sends real orders through it, shows where they
arrived, and keeps running until Ctrl-C, which stops everything. The data stay; the next start continues with them.

  --once                   stops after showing the counts; exit code 0 only if all of them agree
  --fresh                  removes the instance's data first
  --kill <component>       kills it while orders come in, and starts it again; may be given several times
${targetHelp}

Exit codes: 0 all counts agree; 1 they do not; 2 it could not be started, or was interrupted before the counts.
`

const ORDERS = 300
const WATCH_MS = 1_000

async function run(args: readonly string[]): Promise<ExitCode> {
  const request = readStartArguments(args)
  for (const name of request.kill) componentOf(name)
  const signal = interruptible()
  const begun = Date.now()
  if (request.fresh) await removeData(request)
  const profile = await profileOf(request)
  const stack = await start({ ...request, profile }, signal)
  const startMs = Date.now() - begun
  try {
    const result = await show(stack, request, startMs, signal)
    if (!request.once) await stay(stack, signal)
    return result.ok ? exitCodes.holds : exitCodes.refuted
  } finally {
    say('stopping …')
    await stack.stop()
    say('everything is stopped')
  }
}

function removeData({ instance, portOffset }: StartRequest): Promise<void> {
  say(`removing what the instance ${instance} has kept`)
  return takeDown({ root: projectRoot, instance, portOffset, purge: true, ...lineView(say) })
}

/** Nothing else depends on Prometheus and Alertmanager, so without them the rest is started. */
async function profileOf({ profile, watchesIfPossible }: StartRequest): Promise<Profile> {
  if (!watchesIfPossible) return profile
  try {
    await findMonitoring({ root: projectRoot, onProgress: say })
    return 'ops'
  } catch (error) {
    if (!(error instanceof MonitoringMissing)) throw error
    say(`without Prometheus and Alertmanager: ${error.message}`)
    return profile
  }
}

/** The live list is closed once everything has started; stopping is shown in plain lines. */
async function start(request: StartRequest, signal: AbortSignal): Promise<Stack> {
  const { instance, portOffset, profile } = request
  let view: View = viewFor(process.stdout)
  try {
    return await startStack({
      root: projectRoot,
      instance,
      portOffset,
      profile,
      settings: demonstrationSettings,
      onNotice: say,
      onPlan: (plan) => view.onPlan(plan),
      onProgress: (progress) => view.onProgress(progress),
      signal,
    })
  } finally {
    await view.close()
    view = lineView(say)
  }
}

async function show(
  stack: Stack,
  { profile, kill }: StartRequest,
  startMs: number,
  signal: AbortSignal,
): Promise<DemonstrationResult> {
  const { endpoints, secrets } = stack
  say(`\nstarted in ${seconds(startMs)}\n`)
  const result = await orAborted(
    demonstrate({
      ...{ endpoints, secrets, profile, orders: ORDERS, say },
      stateFolder: stack.context.paths.flinkState,
      ...(kill.length > 0 && { breakHalfway: () => killAndRestart(stack, kill) }),
    }),
    signal,
  )
  const status = (await stack.status()).filter(({ state }) => state !== 'stopped')
  say('')
  for (const line of statusLines(status)) say(line)
  say('')
  for (const line of urlLines(status)) say(line)
  say('')
  say(`time to start: ${seconds(startMs)}`)
  if (result.firstGoldMs !== undefined) {
    say(`time to the first order in gold, start included: ${seconds(startMs + result.firstGoldMs)}`)
  }
  say(verdict(profile, result))
  return result
}

async function killAndRestart(stack: Stack, names: readonly string[]): Promise<void> {
  const begun = Date.now()
  for (const name of names) await stack.kill(name)
  say(`  killed: ${names.join(', ')}`)
  await stack.restart(...names)
  say(`  running again: ${names.join(', ')}, ${seconds(Date.now() - begun)} after the kill`)
}

function verdict(profile: Profile, { ok }: DemonstrationResult): string {
  if (profile === 'minimal') return 'every order is confirmed or rejected'
  return ok ? 'all counts agree' : 'the counts DO NOT agree'
}

function urlLines(status: readonly PartStatus[]): readonly string[] {
  return status.flatMap(({ title, url }) =>
    url === undefined ? [] : [`${title.padEnd(38)} ${url}`],
  )
}

/** The demonstration only reads and sends orders, so it may be abandoned at any point. */
async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Waits for the interruption, and reports every component that exits by itself. */
async function stay(stack: Stack, signal: AbortSignal): Promise<void> {
  say(
    '\nIt runs until Ctrl-C. `npm run stack -- --help` explains how to inspect it and how to break it.',
  )
  const reported = new Set<string>()
  while (!signal.aborted) {
    for (const { name, isWatched } of components) {
      if (lookAt(stack.context.paths, name) !== 'failed') reported.delete(name)
      else if (!reported.has(name)) {
        reported.add(name)
        reportExit(stack, name, isWatched === true)
      }
    }
    await pause(WATCH_MS, undefined, { signal }).catch(() => undefined)
  }
}

function reportExit({ context }: Stack, name: string, isWatched: boolean): void {
  say(`\n${name} exited by itself. The end of its log:`)
  for (const line of lastLines(logFileOf(context.paths, name), 10)) say(`  | ${line}`)
  if (isWatched) say('it is started again by itself; `npm run stack -- status` shows how often')
  else
    say(`\`npm run stack -- restart ${name} --instance ${context.paths.instance}\` starts it again`)
}

await runVerb(run, help)
