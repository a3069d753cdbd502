import type { Paths } from '@tenseams/local/launcher/host/paths'
import { isSameProcess, memoryOf } from '@tenseams/local/launcher/host/procfs'
import { readRecord } from '@tenseams/local/launcher/supervise/run-record'
import { components } from '@tenseams/local/parts/parts'
import { machineBusyMicros } from '../../bench/eos/cpu.ts'
import { machineMs } from '../clock.ts'
import type { PartUse } from '../report/step.ts'
import {
  cpuMsByGroup,
  cpuMsIn,
  readProcesses,
  readThreads,
  type ThreadUse,
  treeIn,
} from './processes.ts'

/** CPU time so far. */
export type Use = {
  readonly atMs: number
  /** Of each part of the system with its children. */
  readonly cpuMs: Readonly<Record<string, number>>
  /** Of this process, which observes. */
  readonly observerMs: number
  /** Of everything on this machine. */
  readonly machineMs: number
}

/** The parts of the system that have a process, by name. */
export type Pids = ReadonlyMap<string, number>

/** The parts of an instance that run, by the records of its launcher. */
export function runningParts(paths: Paths): Pids {
  return new Map(
    components.flatMap(({ name }) => {
      const record = readRecord(paths, name)
      if (record === undefined || !isSameProcess(record.identity)) return []
      return [[name, record.identity.pid] as const]
    }),
  )
}

export function readUse(pids: Pids): Use {
  const processes = readProcesses()
  const cpuMs = [...pids].map(([part, pid]) => [part, cpuMsIn(processes, pid)])
  const { user, system } = process.cpuUsage()
  return {
    atMs: machineMs(),
    cpuMs: Object.fromEntries(cpuMs),
    observerMs: (user + system) / 1_000,
    machineMs: machineBusyMicros() / 1_000,
  }
}

export type Threads = ReadonlyMap<string, ReadonlyMap<string, ThreadUse>>

/** The threads of each part, with those of its children. */
export function readPartThreads(pids: Pids): Threads {
  const processes = readProcesses()
  return new Map([...pids].map(([part, pid]) => [part, readThreads(treeIn(processes, pid))]))
}

type PartReading = { readonly use: Use; readonly threads: Threads }

/** What each part has used between two readings. */
export function partsUsed(
  earlier: PartReading,
  later: PartReading,
): Readonly<Record<string, PartUse>> {
  const entries = [...later.threads].map(([part, threads]): readonly [string, PartUse] => [
    part,
    {
      cpuMs: usedBetween(earlier.use, later.use, part),
      groups: cpuMsByGroup(earlier.threads.get(part) ?? new Map(), threads),
    },
  ])
  return Object.fromEntries(entries)
}

/** Nothing of a part that has ended meanwhile: its figures went with it. */
export function usedBetween(earlier: Use, later: Use, part: string): number {
  return Math.max(0, (later.cpuMs[part] ?? 0) - (earlier.cpuMs[part] ?? 0))
}

/** The proportional set size of each part in bytes. Reading it takes milliseconds for each large process. */
export function readMemory(pids: Pids): Readonly<Record<string, number>> {
  const processes = readProcesses()
  const sizes = [...pids].map(([part, pid]) => [part, memoryOf(treeIn(processes, pid))])
  return Object.fromEntries(sizes)
}
