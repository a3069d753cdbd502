import { readdirSync, readFileSync } from 'node:fs'

/**
 * Identifies a process even after its pid is reused: the pid, its start time in clock ticks since boot, and the id of that
 * boot.
 */
export type Identity = {
  readonly pid: number
  readonly startTicks: string
  readonly bootId: string
}

type ProcStat = {
  readonly state: string
  readonly parent: number
  readonly threads: number
  readonly startTicks: string
}

/** The state of a process from /proc; undefined when it is gone. */
export function readStat(pid: number): ProcStat | undefined {
  const text = readOrUndefined(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const stat = parseStat(text)
  return isGoneBy(stat) ? undefined : stat
}

/**
 * A zombie counts as gone, since it only waits for its parent to reap it. A killed JVM, however, is a zombie while its last
 * threads are still ending, and its sockets listen until then: after a restart, a probe would reach the old process and
 * find the new one ready at once (observed with Kafka, for 70 ms).
 */
export function isGoneBy({ state, threads }: Pick<ProcStat, 'state' | 'threads'>): boolean {
  return (state === 'Z' || state === 'X') && threads <= 1
}

/** Parses /proc/<pid>/stat. The command in parentheses may itself contain parentheses and spaces. */
export function parseStat(line: string): ProcStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const [threads, , startTicks] = fields.slice(17)
  if (state === undefined || parent === undefined || startTicks === undefined) {
    throw new Error(`cannot parse the state of a process: ${line}`)
  }
  return { state, parent: Number(parent), threads: Number(threads), startTicks }
}

/** The identity of a running process; undefined when there is none with that pid. */
export function identify(pid: number): Identity | undefined {
  const stat = readStat(pid)
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() }
}

/** True while the identified process runs, and not another one with the same pid. */
export function isSameProcess(identity: Identity): boolean {
  const now = identify(identity.pid)
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** The pids of all processes. */
export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** The process and all its descendants, parents first. A process group is not enough: Postgres' children leave it. */
export function treeOf(pid: number): readonly number[] {
  const children = Map.groupBy(allPids(), (each) => readStat(each)?.parent ?? -1)
  const tree = [pid]
  for (const member of tree) tree.push(...(children.get(member) ?? []))
  return tree
}

/** The sum of the processes' proportional set sizes in bytes: shared pages count once. Unreadable processes are left out. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (pssOf(pid) ?? 0), 0)
}

function pssOf(pid: number): number | undefined {
  const text = readOrUndefined(`/proc/${pid}/smaps_rollup`)
  const kilobytes = text && /^Pss:\s+(\d+) kB$/m.exec(text)?.[1]
  return kilobytes ? Number(kilobytes) * 1024 : undefined
}

/** The command line of a process, shortened for people; empty when it cannot be read. */
export function commandOf(pid: number): string {
  return argumentsOf(pid).join(' ').trim().slice(0, 100)
}

/** The program of a process and its arguments; none when they cannot be read. */
export function argumentsOf(pid: number): readonly string[] {
  const text = readOrUndefined(`/proc/${pid}/cmdline`) ?? ''
  return text.replace(/\0$/, '').split('\0')
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && isGone(error.code)) return undefined
    throw error
  }
}

/** A process may exit while it is read, and those of other users cannot be read. */
function isGone(code: unknown): boolean {
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM'
}
