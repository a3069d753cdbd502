import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Phase } from '../plan.ts'

/** What a flag decides: which keys are copied to the new path, or read from the new side. */
export type Purpose = 'shadow' | 'reads'

/** `<change>.shadow` and `<change>.reads`. */
export function flagName(change: string, purpose: Purpose): string {
  return `${change}.${purpose}`
}

/** The flag that a phase moves. */
export const purposeOf: Partial<Record<Phase, Purpose>> = {
  shadow: 'shadow',
  'cutover-reads': 'reads',
}

export type Flag = {
  /** Of a hundred keys. */
  readonly percent: number
  /** Version of the rollout's log at which it was decided: a controller that was replaced cannot set an older one. */
  readonly term: number
}

export type FlagsContent = Readonly<Record<string, Flag>>

export function flagsPath(folder: string): string {
  return join(folder, 'flags.json')
}

/** @throws Error when the file is missing, cannot be read, or says something else than flags. */
export function readFlags(path: string): FlagsContent {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isFlags(parsed))
    throw new TypeError(`${path} has no flags: each needs a percent from 0 to 100`)
  return parsed
}

function isFlags(parsed: unknown): parsed is FlagsContent {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return false
  return Object.values(parsed).every(isFlag)
}

function isFlag(value: unknown): value is Flag {
  if (typeof value !== 'object' || value === null) return false
  if (!('percent' in value) || !('term' in value)) return false
  const { percent, term } = value
  return typeof percent === 'number' && percent >= 0 && percent <= 100 && Number.isSafeInteger(term)
}

/**
 * Sets a flag, replacing the file atomically. Repeating it changes nothing. A file that cannot be read is written anew: its readers
 * have taken it for "off" already, and the controller sets what its log says.
 *
 * @throws StaleTermError when a later controller has set it.
 */
export function setFlag(folder: string, name: string, flag: Flag): void {
  const path = flagsPath(folder)
  const present = readOrNothing(path)
  const before = present[name]
  if (before !== undefined && before.term > flag.term) {
    throw new StaleTermError(
      `${name} was set at version ${before.term} of the log, after ${flag.term}`,
    )
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unfinished = `${path}.${process.pid}.unfinished`
  writeFileSync(unfinished, `${JSON.stringify({ ...present, [name]: flag }, null, 2)}\n`)
  renameSync(unfinished, path)
}

function readOrNothing(path: string): FlagsContent {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return {}
  try {
    return readFlags(path)
  } catch {
    return {}
  }
}

/** Whoever acts was replaced meanwhile. It must not try again. */
export class StaleTermError extends Error {
  readonly code = 'STALE_TERM'
  readonly retriable = false
}
