import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { projectRoot } from '@tenseams/cli/instance'
import { portsAt } from '@tenseams/cli/ports'
import { commandOf } from '@tenseams/local/launcher/host/procfs'
import { type Listener, listeners } from '@tenseams/local/launcher/host/sockets'
import { announced, endAtOnce, type StartedInstance } from './instance.ts'
import { killBelow, type Owner, pidsBelow } from './owners.ts'

export type RunningProcess = {
  readonly pid: number
  readonly commandLine: string
  readonly folder: string
}

/** What is left of an instance that should be gone: processes and listening sockets, as sentences. */
export function leftoversOf(
  { instance, portOffset }: StartedInstance,
  processes = runningProcesses(),
  sockets: readonly Listener[] = listeners(),
): readonly string[] {
  const state = join(projectRoot, '.stack', instance)
  const mark = new RegExp(`${RegExp.escape(state)}(?:/|\\s|$)`)
  const ports = new Map(Object.entries(portsAt(portOffset)).map(([name, port]) => [port, name]))
  return [
    ...processes
      .filter(({ commandLine, folder }) => mark.test(commandLine) || mark.test(folder))
      .map(({ pid, commandLine }) => `process ${pid} still runs: ${commandLine.slice(0, 120)}`),
    ...sockets.flatMap(({ port, pid }) => {
      const name = ports.get(port)
      const folder = processes.find((process) => process.pid === pid)?.folder ?? ''
      // Another checkout's run may have taken the ports of an instance that ended long ago.
      const isOthers = /\/\.stack\/[^/]+|\/tenseams-[0-9a-f]+/.test(folder) && !mark.test(folder)
      return name === undefined || isOthers ? [] : [`port ${port} (${name}) is still listened on`]
    }),
  ]
}

const GRACE_MS = 5_000

/**
 * Ends what is left of a run: every process below its own, and every instance that was announced in its folder.
 *
 * @returns what that was, after a grace of seconds for processes that are about to end.
 */
export async function endLeftovers(run: Owner, folder: string): Promise<readonly string[]> {
  const instances = announced(folder)
  const find = () => [
    ...pidsBelow(run).map((pid) => `process ${pid} still runs: ${commandOf(pid)}`),
    ...instances.flatMap((instance) => leftoversOf(instance)),
  ]
  const deadline = Date.now() + GRACE_MS
  let found = find()
  while (found.length > 0 && Date.now() < deadline) {
    await delay(200)
    found = find()
  }
  if (found.length === 0) return []
  killBelow(run)
  for (const { instance } of instances) endAtOnce(instance, { keepLogs: true })
  return [...new Set(found)]
}

function runningProcesses(): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => lookAt(Number(name)) ?? [])
}

/** Processes end while one looks; those of other users show their command line only. */
function lookAt(pid: number): RunningProcess | undefined {
  const commandLine = orEmpty(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  if (commandLine === '') return undefined
  const folder = orEmpty(() => readlinkSync(`/proc/${pid}/cwd`))
  return { pid, commandLine: commandLine.replaceAll('\0', ' ').trim(), folder }
}

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
