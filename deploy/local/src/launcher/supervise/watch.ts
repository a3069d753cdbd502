import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { madeEnvironment } from '../host/environment.ts'
import type { Paths } from '../host/paths.ts'
import { isSameProcess } from '../host/procfs.ts'
import { holderOf } from './lock.ts'
import { openLog } from './supervisor.ts'

const POLL_MS = 20
const END_TIMEOUT_MS = 5_000
const START_TIMEOUT_MS = 20_000

/** Held by the process that watches an instance's services. */
export function watcherLockOf(paths: Paths): string {
  return join(paths.run, 'watcher')
}

export function isWatched(paths: Paths): boolean {
  return holderOf(watcherLockOf(paths)) !== undefined
}

/** Starts the process that watches an instance's services, unless there is one. It outlives the launcher, as they do. */
export async function startWatcher(paths: Paths): Promise<void> {
  if (isWatched(paths)) return
  const log = openLog(paths, 'watcher')
  const main = fileURLToPath(new URL('watch-main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, paths.root, paths.instance], {
    ...{ cwd: paths.state, env: madeEnvironment(), detached: true },
    stdio: ['ignore', log, log],
  })
  // A watcher that cannot be started is noticed below.
  child.on('error', () => undefined)
  child.unref()
  closeSync(log)
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!isWatched(paths) && child.exitCode === null && Date.now() < deadline) await delay(POLL_MS)
}

/** Ends the watch, so that nothing that is stopped from now on is taken for dead. */
export async function endWatcher(paths: Paths): Promise<void> {
  const watcher = holderOf(watcherLockOf(paths))
  if (watcher === undefined) return
  process.kill(watcher.pid, 'SIGTERM')
  const deadline = Date.now() + END_TIMEOUT_MS
  while (isSameProcess(watcher)) {
    if (Date.now() > deadline) {
      process.kill(watcher.pid, 'SIGKILL')
      return
    }
    await delay(POLL_MS)
  }
}
