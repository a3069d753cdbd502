import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Places } from '../host/paths.ts'
import type { Identity } from '../host/procfs.ts'
import type { StackSettings } from '../plan/part.ts'
import type { Profile } from '../plan/profiles.ts'

/** Written when a component's process begins, removed when it has ended in good order. */
export type RunRecord = {
  readonly identity: Identity
  readonly phase: 'starting' | 'ready' | 'stopping'
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** From the process' begin until it was ready. */
  readonly readyAfterMs?: number
}

/** What is true of the whole instance while something of it runs. */
export type InstanceRecord = {
  readonly profile: Profile
  readonly portOffset: number
  readonly settings: StackSettings
}

const fileOf = (places: Places, name: string) => join(places.run, `${name}.json`)

/** Replaces a component's record, whole. */
export function writeRecord(places: Places, name: string, record: RunRecord): void {
  writeWhole(fileOf(places, name), record)
}

/** The record of a component, or undefined. */
export function readRecord(places: Places, name: string): RunRecord | undefined {
  return readWhole(fileOf(places, name)) as RunRecord | undefined
}

/** Removes a component's record; without one, nothing happens. */
export function removeRecord(places: Places, name: string): void {
  rmSync(fileOf(places, name), { force: true })
}

const INSTANCE_FILE = 'instance'

/** Remembers how the instance was started, so that later commands need not be told. */
export function writeInstance(places: Places, record: InstanceRecord): void {
  writeWhole(fileOf(places, INSTANCE_FILE), record)
}

/** How the instance was started last; undefined when it never was. */
export function readInstance(places: Places): InstanceRecord | undefined {
  return readWhole(fileOf(places, INSTANCE_FILE)) as InstanceRecord | undefined
}

/** Names of the instances that have a folder below the project. */
export function knownInstances(root: string): readonly string[] {
  try {
    return readdirSync(join(root, '.stack'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function writeWhole(file: string, value: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(`${file}.next`, `${JSON.stringify(value)}\n`)
  renameSync(`${file}.next`, file)
}

function readWhole(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
