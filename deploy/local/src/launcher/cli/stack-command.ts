import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { components } from '../../parts/parts.ts'
import { projectRoot } from '../host/paths.ts'
import { componentOf, openStack, type Stack, StackRefused, startStack } from '../supervise/stack.ts'
import { logFileOf } from '../supervise/supervisor.ts'
import { readStackArguments, type StackRequest, targetHelp } from './arguments.ts'
import { commandFailed, exitCodes, interruptible } from './command.ts'
import { diagnose } from './doctor.ts'
import { lineView, viewFor } from './progress-view.ts'
import { statusLines } from './status-view.ts'
import { takeDown } from './take-down.ts'

const help = `npm run stack -- <verb>

  up [<part> …]              starts the profile, or only these parts and what they need; what runs is left alone
     [--debezium 2.7|3.6]    with which Debezium (3.6); an instance keeps what it was given last
  down [--purge]             stops everything; --purge also removes its data, logs and passwords
  status [--json]            state, health, memory (PSS) and ports of each component
  logs <component>           the end of its log [--lines <n>] [--follow]
  restart <component>        stops and starts it, and resubmits Flink's jobs if they are lost by it
  kill <component>           SIGKILL, as a crash
  pause <component>          SIGSTOP: it keeps its connections and answers nobody
  resume <component>
  doctor                     what this machine lacks, and whether only loopback is listened on

${targetHelp}

Exit codes: 0 done, or all well; 1 status or doctor found something; 2 it could not be done.
`

const say = (line: string) => process.stdout.write(`${line}\n`)

const instanceOf = ({ instance, portOffset }: StackRequest) => ({
  root: projectRoot,
  instance,
  portOffset,
})

async function run(request: StackRequest): Promise<number> {
  const [name = ''] = request.names
  switch (request.verb) {
    case 'help':
      say(help)
      return exitCodes.holds
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

async function up(request: StackRequest): Promise<number> {
  const { instance, portOffset, profile, names, debezium } = request
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
      ...(debezium && { settings: { debezium } }),
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

async function status(request: StackRequest): Promise<number> {
  const stack = await openStack(instanceOf(request))
  const rows = await ofProfile(stack, stack.profile ?? request.profile)
  if (request.json) say(JSON.stringify(rows, null, 2))
  else for (const line of statusLines(rows)) say(line)
  const well = rows.every(({ state, healthy }) => state === 'ready' && healthy === true)
  return well ? exitCodes.holds : exitCodes.refuted
}

async function doctor(request: StackRequest): Promise<number> {
  const { context } = await openStack(instanceOf(request))
  const { well, lines } = await diagnose(context, request.profile, components)
  for (const line of lines) say(line)
  return well ? exitCodes.holds : exitCodes.refuted
}

async function logs(request: StackRequest): Promise<number> {
  const { context } = await openStack(instanceOf(request))
  const { name } = componentOf(request.names[0] ?? '')
  const file = logFileOf(context.places, name)
  if (!existsSync(file)) throw new StackRefused(`${name} has never been started: no ${file}`)
  const follow = request.follow ? ['-F'] : []
  spawnSync('tail', ['-n', String(request.lines), ...follow, file], { stdio: 'inherit' })
  return exitCodes.holds
}

async function withStack(
  request: StackRequest,
  work: (stack: Stack) => Promise<void>,
): Promise<number> {
  const stack = await openStack({ ...instanceOf(request), ...lineView(say) })
  await work(stack)
  return exitCodes.holds
}

try {
  process.exitCode = await run(readStackArguments(process.argv.slice(2)))
} catch (error) {
  process.exitCode = commandFailed(error, help)
}
