import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/local/launcher/host/paths'
import { type Listener, listeners } from '@tenseams/local/launcher/host/sockets'
import { portsAt } from '@tenseams/local/launcher/plan/ports'

export type RunningProcess = {
  readonly pid: number
  readonly commandLine: string
  readonly folder: string
}

/** What is left of an instance that should be gone: processes and listening sockets, as sentences. */
export function leftoversOf(
  { instance, portOffset }: { readonly instance: string; readonly portOffset: number },
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
    ...sockets.flatMap(({ port }) => {
      const name = ports.get(port)
      return name === undefined ? [] : [`port ${port} (${name}) is still listened on`]
    }),
  ]
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
