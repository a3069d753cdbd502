import { readFileSync } from 'node:fs'
import { treeOf } from '@tenseams/local/launcher/host/procfs'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

/** CPU time of a process and its descendants, in microseconds. */
export function cpuMicrosOf(pid: number): number {
  let ticks = 0
  for (const member of treeOf(pid)) {
    const line = textOf(`/proc/${member}/stat`)
    if (line !== undefined) ticks += parseTicks(line)
  }
  return ticks * MICROS_A_TICK
}

/** USER_HZ, which is 100 on every Linux that Node supports. */
const MICROS_A_TICK = 10_000

/** User and system time of a line of /proc/<pid>/stat, and that of its children that have ended. */
export function parseTicks(line: string): number {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const times = fields.slice(11, 15).map(Number)
  if (times.length !== 4 || times.some(Number.isNaN)) throw new Error(`no times in: ${line}`)
  return times.reduce((sum, each) => sum + each, 0)
}

/** The peak resident memory of a process since the last `forgetPeak`, in megabytes. */
export function peakMegabytesOf(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1_024
}

export type ServerName = 'kafka' | 'catalog' | 'postgres'

/** The process ids of the servers that work for the sinks. */
export async function serverPids(stack: Stack): Promise<Readonly<Record<ServerName, number>>> {
  const status = await stack.status()
  const pidOf = (name: ServerName) => {
    const pid = status.find((part) => part.name === name)?.pid
    if (pid === undefined) throw new Error(`${name} does not run`)
    return pid
  }
  return { kafka: pidOf('kafka'), catalog: pidOf('catalog'), postgres: pidOf('postgres') }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It has ended meanwhile; its CPU time is in its parent's figure.
    return undefined
  }
}
