import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { allPids } from './procfs.ts'
import { eventually } from './wait.ts'

const TIMEOUT_MS = 20_000

/**
 * Waits until no process of a killed Postgres is left. A new one would not start while a process, even a zombie, has the
 * pid of its lock file, or while one of its children still holds the shared memory.
 *
 * @throws WaitTimeoutError after 20 s.
 */
export async function untilNothingRemains(data: string): Promise<void> {
  await eventually(() => !remains(data), {
    timeoutMs: TIMEOUT_MS,
    what: `the processes of the Postgres in ${data} to be gone`,
  })
}

function remains(data: string): boolean {
  const lockFile = join(data, 'postmaster.pid')
  if (!existsSync(lockFile)) return false
  const postmaster = readFileSync(lockFile, 'utf8').split('\n', 1)[0]
  return existsSync(`/proc/${postmaster}`) || allPids().some((pid) => worksIn(pid, data))
}

/** The working directory of every Postgres process is the data folder. */
function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    // It has exited meanwhile, or is a zombie.
    return false
  }
}
