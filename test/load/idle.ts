import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type Pids, readMemory, readPartThreads, readUse } from './observe/parts.ts'
import { cpuMsByGroup } from './observe/processes.ts'
import { percentText, tableLines } from './report/table.ts'

/** What a system uses of a core while nobody asks anything of it. Nothing is sent and no server is asked, only /proc. */
export type Idle = {
  readonly watchedMs: number
  /** Of all cores, by what is not the system. */
  readonly othersShare: number
  readonly parts: readonly IdlePart[]
}

export type IdlePart = {
  readonly part: string
  /** Of one core. */
  readonly share: number
  readonly memoryBytes: number
  /** Shares of a core by thread group. */
  readonly groups: Readonly<Record<string, number>>
}

/** Watches for a while, or until the abort. A part that ends or starts meanwhile has used nothing. */
export async function watchIdle(
  pids: Pids,
  durationMs: number,
  signal: AbortSignal,
): Promise<Idle> {
  const [before, threadsBefore] = [readUse(pids), readPartThreads(pids)]
  await delay(durationMs, undefined, { signal }).catch(() => undefined)
  const [after, threadsAfter] = [readUse(pids), readPartThreads(pids)]
  const memory = readMemory(pids)
  const watchedMs = after.atMs - before.atMs
  const parts = [...pids.keys()].map((part): IdlePart => {
    const usedMs = Math.max(0, (after.cpuMs[part] ?? 0) - (before.cpuMs[part] ?? 0))
    const groups = cpuMsByGroup(
      threadsBefore.get(part) ?? new Map(),
      threadsAfter.get(part) ?? new Map(),
    )
    return {
      ...{ part, share: usedMs / watchedMs, memoryBytes: memory[part] ?? 0 },
      groups: Object.fromEntries(
        Object.entries(groups).map(([group, ms]) => [group, ms / watchedMs]),
      ),
    }
  })
  const machineShare = (after.machineMs - before.machineMs) / (watchedMs * cpus().length)
  return {
    ...{ watchedMs, parts: parts.toSorted((one, other) => other.share - one.share) },
    othersShare: Math.max(0, machineShare - totalShare(parts) / cpus().length),
  }
}

export function totalShare(parts: readonly IdlePart[]): number {
  return parts.reduce((total, { share }) => total + share, 0)
}

const MEGABYTE = 2 ** 20
const GROUPS = 3

export function idleLines({ watchedMs, othersShare, parts }: Idle): readonly string[] {
  const rows = parts.map(({ part, share, memoryBytes, groups }) => [
    ...[part, percentText(share), `${Math.round(memoryBytes / MEGABYTE)} MB`],
    Object.entries(groups)
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, GROUPS)
      .map(([group, one]) => `${group} ${percentText(one)}`)
      .join(', '),
  ])
  const bytes = parts.reduce((total, { memoryBytes }) => total + memoryBytes, 0)
  const all = ['all of it', percentText(totalShare(parts)), `${Math.round(bytes / MEGABYTE)} MB`]
  return [
    ...tableLines([['CPU', 'of a core', 'memory', 'its busiest threads'], ...rows, all], [0, 3]),
    '',
    `in ${Math.round(watchedMs / 1_000)} s; other work had ${percentText(othersShare)} of the cores`,
  ]
}
