import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Nanoseconds on a core, by thread. */
export type ThreadTimes = ReadonlyMap<string, number>

/**
 * The CPU time of a process's threads so far, as the scheduler counts it (/proc/<pid>/task/<thread>/schedstat). The figure
 * of the process in /proc/<pid>/stat has a resolution of 10 ms, which is too coarse for a turn of some seconds.
 */
export function threadTimesOf(pid: number): ThreadTimes {
  const folder = `/proc/${pid}/task`
  return new Map(
    readdirSync(folder).flatMap((thread) => {
      try {
        return [[thread, parseSchedstat(readFileSync(`${folder}/${thread}/schedstat`, 'utf8'))]]
      } catch {
        // The thread has ended meanwhile.
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

/** A thread that began in between counts from its beginning; one that ended counts until the first reading. */
export function microsBetween(before: ThreadTimes, after: ThreadTimes): number {
  let nanos = 0
  for (const [thread, time] of after) nanos += time - (before.get(thread) ?? 0)
  return nanos / 1_000
}

/** The busy time of all cores since the machine's start, of all processes. */
export function machineBusyMicros(): number {
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq)
  return busy.reduce((sum, each) => sum + each, 0) * 1_000
}
