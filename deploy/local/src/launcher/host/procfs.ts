import { readdirSync, readFileSync } from 'node:fs'

/**
 * A process, so that another one that got the same number later is not taken for it: its number, its start in clock
 * ticks since the machine's start, and that start of the machine.
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

/** What /proc tells of a process, or undefined when it is gone. */
export function readStat(pid: number): ProcStat | undefined {
  const text = readOrUndefined(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const stat = parseStat(text)
  return isGoneBy(stat) ? undefined : stat
}

/**
 * A zombie counts as gone: it only awaits its burial. But a killed JVM is one while its last threads still end, and
 * until then its sockets listen: who starts it anew would find it ready at once (seen with Kafka, 70 ms).
 */
export function isGoneBy({ state, threads }: Pick<ProcStat, 'state' | 'threads'>): boolean {
  return (state === 'Z' || state === 'X') && threads <= 1
}

/** Reads a line of /proc/<pid>/stat. The command in brackets may itself hold brackets and spaces. */
export function parseStat(line: string): ProcStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const [threads, , startTicks] = fields.slice(17)
  if (state === undefined || parent === undefined || startTicks === undefined) {
    throw new Error(`cannot read a process' state from: ${line}`)
  }
  return { state, parent: Number(parent), threads: Number(threads), startTicks }
}

/** The identity of a running process, or undefined when there is none of that number. */
export function identify(pid: number): Identity | undefined {
  const stat = readStat(pid)
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() }
}

/** True while the very process lives that was identified, not another of its number. */
export function isSameProcess(identity: Identity): boolean {
  const now = identify(identity.pid)
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** Numbers of all running processes. */
export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** The process and all that descend from it, parents first. Postgres' own children leave its process group. */
export function treeOf(pid: number): readonly number[] {
  const children = Map.groupBy(allPids(), (each) => readStat(each)?.parent ?? -1)
  const tree = [pid]
  for (const member of tree) tree.push(...(children.get(member) ?? []))
  return tree
}

/** Proportional memory of the processes together, in bytes: shared pages count once. Those not ours to read are left out. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (pssOf(pid) ?? 0), 0)
}

function pssOf(pid: number): number | undefined {
  const text = readOrUndefined(`/proc/${pid}/smaps_rollup`)
  const kilobytes = text && /^Pss:\s+(\d+) kB$/m.exec(text)?.[1]
  return kilobytes ? Number(kilobytes) * 1024 : undefined
}

/** The command line of a process for people, shortened; empty when it cannot be read. */
export function commandOf(pid: number): string {
  const text = readOrUndefined(`/proc/${pid}/cmdline`) ?? ''
  return text.replaceAll('\0', ' ').trim().slice(0, 100)
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && isGone(error.code)) return undefined
    throw error
  }
}

/** Processes end while one looks at them, and those of others may not be looked at. */
function isGone(code: unknown): boolean {
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM'
}
