import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Asked per message: whether the new path of a change has to stand still. */
export type KillSwitch = { readonly isOn: (change: string) => boolean }

/**
 * The switch is a file, and nothing else: `<folder>/<change>.kill`, looked for at each question, which takes about two microseconds. So
 * it works while the flags, Kafka or Postgres are down, and by hand: `touch` sets it, `rm` ends it. A folder that cannot be read is a
 * switch that is on.
 *
 * It stops the new path's reads and copies. It does not move the authority to write, which only the fence does safely: after
 * the cutover of writes, `npm run rollout -- rollback` does.
 */
export function openKillSwitch(folder: string): KillSwitch {
  return { isOn: (change) => exists(killPath(folder, change)) }
}

export function killPath(folder: string, change: string): string {
  return join(folder, `${change}.kill`)
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

/** On, by whom and why, for those who find it. A second time changes nothing. */
export function engageKillSwitch(folder: string, change: string, note: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = killPath(folder, change)
  if (!exists(path)) writeFileSync(path, `${note}\n`)
}

/** Ends it. What the new path does next is decided by flags and log alone. */
export function releaseKillSwitch(folder: string, change: string): void {
  rmSync(killPath(folder, change), { force: true })
}

/** By whom and why; undefined when it is off. */
export function noteOf(folder: string, change: string): string | undefined {
  const path = killPath(folder, change)
  return exists(path) ? readFileSync(path, 'utf8').trim() : undefined
}
