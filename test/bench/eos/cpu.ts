import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Nanoseconds on a core, by thread. */
export type ThreadTimes = ReadonlyMap<string, number>

/**
 * What the threads of a process have used so far, as the scheduler counts it (/proc/<pid>/task/<thread>/schedstat). The
 * process' own figure in /proc/<pid>/stat has steps of 10 ms, which is too coarse for a turn of some seconds.
 */
export function threadTimesOf(pid: number): ThreadTimes {
  const folder = `/proc/${pid}/task`
  return new Map(
    readdirSync(folder).flatMap((thread) => {
      try {
        return [[thread, parseSchedstat(readFileSync(`${folder}/${thread}/schedstat`, 'utf8'))]]
      } catch {
        // A thread that has ended meanwhile is not read any more.
        return []
      }
    }),
  )
}

/** The first of its three numbers is the time on a core. */
export function parseSchedstat(line: string): number {
  const nanos = Number(line.split(' ')[0])
  if (line === '' || !Number.isFinite(nanos)) throw new Error(`no schedstat: ${line}`)
  return nanos
}

/** A thread that began in between counts from its beginning; one that ended, up to the first look at it. */
export function microsBetween(before: ThreadTimes, after: ThreadTimes): number {
  let nanos = 0
  for (const [thread, time] of after) nanos += time - (before.get(thread) ?? 0)
  return nanos / 1_000
}

/** What all cores together have been busy since the machine's start, whoever made them so. */
export function machineBusyMicros(): number {
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq)
  return busy.reduce((sum, each) => sum + each, 0) * 1_000
}
