import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import { interruptible } from '@tenseams/cli/interruption'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { components } from '../../parts/parts.ts'
import { openStack, type Stack, startStack } from '../supervise/stack.ts'
import type { PartStatus } from '../supervise/status.ts'
import { isWatched } from '../supervise/watch.ts'
import { diagnose } from './doctor.ts'
import { jobsLines, jobsStatus } from './jobs-status.ts'
import { showLogs } from './logs.ts'
import { lineView, viewFor } from './progress-view.ts'
import { readStackArguments, type StackRequest } from './stack-arguments.ts'
import { statusLines } from './status-view.ts'
import { takeDown } from './take-down.ts'
import { targetHelp } from './target.ts'

const help = `npm run stack -- <command>

  up [<part> …]            starts the profile, or only these parts and what they need; leaves running parts alone
     [--debezium 2.7|3.6]  the line of Debezium (default: that of the last start, at first 3.6)
     [--alerts normal|drill]  in drills the windows of alerts are 20 times shorter (default: that of the last
                           start, at first normal)
  down [--purge]           stops everything; --purge also removes the instance's data, logs and passwords
  status [--json]          state, health, memory (PSS) and ports of each component, and whether Flink's jobs make
                           progress
  logs [<component> …]     what all parts have logged, or these, in the order of time; times are UTC
     [--part <component>]  the same as naming it; may be repeated
     [--order <id>]        only what is about one order, in every part
     [--since <time>]      everything since then: 30s, 10m, 2h, 1d ago, or 2026-11-30T22:10
     [--lines <n>]         so many at most, the last ones (default: 100, or with --since all)
     [--follow] [--json]   goes on as they write; one JSON object a line
  stop <component>         stops it properly and nothing else; Flink's jobs leave a savepoint before their JobManager
  restart <component>      stops it, if it runs, and starts it; submits Flink's jobs again if the cluster lost them
  kill <component>         SIGKILL, as in a crash; it stays ended until somebody starts it
  pause <component>        SIGSTOP: it keeps its connections and answers nobody
  resume <component>       SIGCONT, after a pause
  doctor                   what this machine lacks, and whether every socket is on loopback only

${targetHelp}

Exit codes: 0 done, or everything is healthy; 1 status or doctor found something, or logs found nothing about an
order; 2 it could not be done.
`

const instanceOf = ({ instance, portOffset }: StackRequest) => ({
  root: projectRoot,
  instance,
  portOffset,
})

async function stack(args: readonly string[]): Promise<ExitCode> {
  const request = readStackArguments(args)
  const [name = ''] = request.names
  switch (request.command) {
    case 'up':
      return up(request)
    case 'down':
      await takeDown({ ...instanceOf(request), purge: request.purge, ...lineView(say) })
      return exitCodes.holds
    case 'status':
      return status(request)
    case 'doctor':
      return doctor(request)
    case 'logs':
      return logs(request)
    case 'stop':
      return withStack(request, (stack) => stack.stopOne(name))
    case 'restart':
      return withStack(request, (stack) => stack.restart(name))
    case 'kill':
      return withStack(request, (stack) => stack.kill(name))
    case 'pause':
      return withStack(request, async (stack) => stack.pause(name))
    case 'resume':
      return withStack(request, async (stack) => stack.resume(name))
  }
}

async function up(request: StackRequest): Promise<ExitCode> {
  const { instance, portOffset, profile, names, debezium, alerts } = request
  const begun = Date.now()
  const view = viewFor(process.stdout)
  const signal = interruptible()
  try {
    const stack = await startStack({
      root: projectRoot,
      instance,
      portOffset,
      profile,
      ...(names.length > 0 && { only: names }),
      settings: { ...(debezium && { debezium }), ...(alerts && { alerts }) },
      onNotice: say,
      ...view,
      signal,
    })
    await view.close()
    const rows = (await stack.status()).filter(({ state }) => state !== 'stopped')
    for (const line of statusLines(rows)) say(line)
    say(`ready after ${((Date.now() - begun) / 1000).toFixed(1)} s`)
    stack.release()
    return exitCodes.holds
  } finally {
    await view.close()
  }
}

async function ofProfile(stack: Stack, profile: StackRequest['profile']) {
  const names = components.filter((part) => part.profiles.includes(profile)).map(({ name }) => name)
  const all = await stack.status()
  return all.filter(({ name, state }) => names.includes(name) || state !== 'stopped')
}

async function status(request: StackRequest): Promise<ExitCode> {
  const stack = await openStack(instanceOf(request))
  const rows = await ofProfile(stack, stack.profile ?? request.profile)
  const hasFlink = rows.some(({ name, state }) => name === 'flink-jobmanager' && state === 'ready')
  const jobs = hasFlink ? await jobsStatus(stack.context.endpoints.flinkUrl) : []
  if (request.json) say(JSON.stringify([...rows, ...jobs], null, 2))
  else {
    const lines = hasFlink ? [...statusLines(rows), ...jobsLines(jobs)] : statusLines(rows)
    for (const line of lines) say(line)
    if (isUnwatched(stack, rows)) say('nobody starts a dead service again: npm run stack -- up')
  }
  const isUp = rows.every(({ state, healthy }) => state === 'ready' && healthy === true)
  return isUp && jobs.every(({ isWell }) => isWell) ? exitCodes.holds : exitCodes.refuted
}

function isUnwatched({ context }: Stack, rows: readonly PartStatus[]): boolean {
  const isAbout = new Set(components.filter((part) => part.isWatched).map(({ name }) => name))
  const running = rows.filter(({ name, state }) => isAbout.has(name) && state !== 'stopped')
  return running.length > 0 && !isWatched(context.paths)
}

async function doctor(request: StackRequest): Promise<ExitCode> {
  const { context } = await openStack(instanceOf(request))
  const { isHealthy, lines } = await diagnose(context, request.profile, components)
  for (const line of lines) say(line)
  return isHealthy ? exitCodes.holds : exitCodes.refuted
}

async function logs(request: StackRequest): Promise<ExitCode> {
  const { context } = await openStack(instanceOf(request))
  return showLogs(context.paths, request)
}

async function withStack(
  request: StackRequest,
  work: (stack: Stack) => Promise<void>,
): Promise<ExitCode> {
  const stack = await openStack({ ...instanceOf(request), ...lineView(say) })
  await work(stack)
  return exitCodes.holds
}

await runVerb(stack, help)
