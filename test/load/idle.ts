import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type Pids, partsUsed, readMemory, readPartThreads, readUse } from './observe/parts.ts'
import type { PartUse } from './report/step.ts'
import { busiestText, megabytesText, percentText, tableLines } from './report/table.ts'

/** What a system uses of a core while nobody asks anything of it. Nothing is sent and no server is asked, only /proc. */
export type Idle = {
  readonly watchedMs: number
  /** Of all cores, by what is not the system. */
  readonly othersShare: number
  readonly parts: readonly IdlePart[]
}

export type IdlePart = PartUse & { readonly part: string; readonly memoryBytes: number }

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
  const used = partsUsed(
    { use: before, threads: threadsBefore },
    { use: after, threads: threadsAfter },
  )
  const parts = Object.entries(used).map(([part, use]) => ({
    ...{ part, memoryBytes: memory[part] ?? 0 },
    ...use,
  }))
  const othersMs = after.machineMs - before.machineMs - totalMs(parts)
  return {
    ...{ watchedMs, parts: parts.toSorted((one, other) => other.cpuMs - one.cpuMs) },
    othersShare: Math.max(0, othersMs / (watchedMs * cpus().length)),
  }
}

export function totalMs(parts: readonly IdlePart[]): number {
  return parts.reduce((total, { cpuMs }) => total + cpuMs, 0)
}

export function idleLines({ watchedMs, othersShare, parts }: Idle): readonly string[] {
  const rows = parts.map(({ part, cpuMs, memoryBytes, groups }) => [
    ...[part, percentText(cpuMs / watchedMs), megabytesText(memoryBytes)],
    busiestText(groups, watchedMs),
  ])
  const bytes = parts.reduce((total, { memoryBytes }) => total + memoryBytes, 0)
  const all = ['all of it', percentText(totalMs(parts) / watchedMs), megabytesText(bytes)]
  return [
    ...tableLines([['CPU', 'of a core', 'memory', 'its busiest threads'], ...rows, all], [0, 3]),
    '',
    `in ${Math.round(watchedMs / 1_000)} s; other work had ${percentText(othersShare)} of the cores`,
  ]
}
