import { readFileSync } from 'node:fs'
import { allPids, readStat } from '@tenseams/local/launcher/host/procfs'

/**
 * The processes that answer for a process, outermost first, such as `npm test`, then Vitest's worker, then a proof. Each adds
 * itself to its environment, and its children inherit it: so a child is found also after its parent has died.
 */
export const ownersVariable = 'TEN_SEAMS_OWNERS'

/** Start ticks tell the process from a later one of the same number. */
export type Owner = { readonly pid: number; readonly startTicks: string }

/** Adds this process to those that answer for what it starts from now on. Harmless to repeat. */
export function answerForChildren(): Owner {
  const self = { pid: process.pid, startTicks: readStat(process.pid)?.startTicks ?? '' }
  const owners = parseOwners(process.env[ownersVariable])
  if (owners.some((owner) => isSame(owner, self))) return self
  process.env[ownersVariable] = ownersText([...owners, self])
  return self
}

/** Reads what `ownersVariable` holds. */
export function parseOwners(text = ''): readonly Owner[] {
  return [...text.matchAll(/(\d+):(\d+)/g)].map(([, pid, startTicks = '']) => ({
    pid: Number(pid),
    startTicks,
  }))
}

/** The reverse of `parseOwners`. */
export function ownersText(owners: readonly Owner[]): string {
  return owners.map(({ pid, startTicks }) => `${pid}:${startTicks}`).join(' ')
}

/** True while that very process runs. */
export function isAlive({ pid, startTicks }: Owner): boolean {
  return readStat(pid)?.startTicks === startTicks
}

/** Kills every process of which an owner is gone. */
export function killOrphans(): void {
  kill(ownedPids((owners) => owners.some((owner) => !isAlive(owner))))
}

/** Kills every process that was started below this owner, however deep, but not the owner. */
export function killBelow(owner: Owner): void {
  kill(pidsBelow(owner))
}

/** The processes that were started below this owner and still run. */
export function pidsBelow(owner: Owner): readonly number[] {
  return ownedPids((owners) => owners.some((each) => isSame(each, owner)))
}

/** SIGKILL, as far as they still run. */
export function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
      if (!isGone) throw error
    }
  }
}

function ownedPids(isWanted: (owners: readonly Owner[]) => boolean): readonly number[] {
  return allPids().filter(
    (pid) => pid !== process.pid && readStat(pid) !== undefined && isWanted(ownersOf(pid)),
  )
}

/** As the process was started. One that has ended, or is not ours to look at, has none. */
function ownersOf(pid: number): readonly Owner[] {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const variable = variables.find((each) => each.startsWith(`${ownersVariable}=`))
    return parseOwners(variable?.slice(ownersVariable.length + 1))
  } catch {
    return []
  }
}

function isSame(one: Owner, other: Owner): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks
}
