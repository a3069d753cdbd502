import { readdirSync, readFileSync } from 'node:fs'
import { parseSchedstat } from '../../bench/eos/cpu.ts'
import { parseTicks } from '../../bench/lake/processes.ts'

/** A process at one moment. */
export type ProcessUse = {
  readonly parent: number
  /** CPU time so far, with that of its children that have ended. */
  readonly cpuMs: number
}

/** USER_HZ, which is 100 on every Linux that Node supports. */
const MS_A_TICK = 10

/** Only Linux has /proc; elsewhere nothing of the CPU or of threads is known. */
export const hasProc = process.platform === 'linux'

/** Every process of the machine, read in one go: a walk for each part would read them all as often. */
export function readProcesses(proc = '/proc'): ReadonlyMap<number, ProcessUse> {
  const found = new Map<number, ProcessUse>()
  for (const name of readdirSync(proc)) {
    const line = /^\d+$/.test(name) ? textOf(`${proc}/${name}/stat`) : undefined
    if (line !== undefined) found.set(Number(name), parseProcess(line))
  }
  return found
}

export function parseProcess(line: string): ProcessUse {
  // The command in parentheses may itself contain parentheses and spaces.
  const parent = Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1])
  return { parent, cpuMs: parseTicks(line) * MS_A_TICK }
}

/** A process and all its descendants. */
export function treeIn(processes: ReadonlyMap<number, ProcessUse>, pid: number): readonly number[] {
  const children = Map.groupBy(processes.keys(), (each) => processes.get(each)?.parent ?? -1)
  const tree = [pid]
  for (const member of tree) tree.push(...(children.get(member) ?? []))
  return tree
}

/** CPU time so far of a process and all its descendants. */
export function cpuMsIn(processes: ReadonlyMap<number, ProcessUse>, pid: number): number {
  return treeIn(processes, pid).reduce((sum, each) => sum + (processes.get(each)?.cpuMs ?? 0), 0)
}

/** CPU time by thread, so far: the group that the thread belongs to, and its nanoseconds. */
export type ThreadUse = { readonly group: string; readonly nanos: number }

/** The threads of these processes, by `<pid>/<thread>`. */
export function readThreads(
  pids: readonly number[],
  proc = '/proc',
): ReadonlyMap<string, ThreadUse> {
  const found = new Map<string, ThreadUse>()
  for (const pid of pids) {
    const title = textOf(`${proc}/${pid}/cmdline`)?.split('\0')[0] ?? ''
    for (const thread of namesIn(`${proc}/${pid}/task`)) {
      const folder = `${proc}/${pid}/task/${thread}`
      const schedstat = textOf(`${folder}/schedstat`)
      const name = textOf(`${folder}/comm`)?.trim()
      if (schedstat === undefined || name === undefined) continue
      const nanos = parseSchedstat(schedstat)
      found.set(`${pid}/${thread}`, { group: threadGroup(name, title), nanos })
    }
  }
  return found
}

/**
 * The group of a thread: its name without the numbers that tell one of its kind from the next. Postgres has a process for each
 * connection instead, which says by its title what it does: `postgres: orders_service shop 127.0.0.1(5032) idle`.
 */
export function threadGroup(name: string, title: string): string {
  const [, role] = /^postgres: (.*)/.exec(title) ?? []
  if (role !== undefined) return role.replace(/ ?(?:\d+\.|\[local\]|::1).*$/, '').trim()
  return name.replace(/[-#_ .(]+\d+.*$/, '') || name
}

/** What each group has used between two readings. A thread that began in between counts from its beginning. */
export function cpuMsByGroup(
  before: ReadonlyMap<string, ThreadUse>,
  after: ReadonlyMap<string, ThreadUse>,
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const [thread, { group, nanos }] of after) {
    sums[group] = (sums[group] ?? 0) + (nanos - (before.get(thread)?.nanos ?? 0)) / 1e6
  }
  return sums
}

/** The share of a core that the busiest of all threads has used. One at 1 can do no more, however many cores are free. */
export function busiestThread(
  before: ReadonlyMap<string, ThreadUse>,
  after: ReadonlyMap<string, ThreadUse>,
  durationMs: number,
): { readonly group: string; readonly share: number } | undefined {
  const shares = [...after].map(([thread, { group, nanos }]) => ({
    group,
    share: (nanos - (before.get(thread)?.nanos ?? 0)) / 1e6 / durationMs,
  }))
  return shares.toSorted((one, other) => other.share - one.share)[0]
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // The process has ended meanwhile.
    return []
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // The process or its thread has ended meanwhile, or is not ours to look at.
    return undefined
  }
}
