import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { instanceRecordFile, instancesFolder, readJsonFile } from '@tenseams/cli/instance'
import type { Paths } from '../host/paths.ts'
import type { Identity } from '../host/procfs.ts'
import type { StackSettings } from '../plan/part.ts'
import type { Profile } from '../plan/profiles.ts'

/** Written when a component's process begins, removed when it has stopped properly. */
export type RunRecord = {
  readonly identity: Identity
  readonly phase: 'starting' | 'ready' | 'stopping'
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** From the start of the process until it was ready. */
  readonly readyAfterMs?: number
}

/** How the instance was started last. It stays until the instance is purged. */
export type InstanceRecord = {
  readonly profile: Profile
  readonly portOffset: number
  readonly settings: StackSettings
}

const fileOf = (paths: Paths, name: string) => join(paths.run, `${name}.json`)

/** Replaces a component's record atomically. */
export function writeRecord(paths: Paths, name: string, record: RunRecord): void {
  writeWhole(fileOf(paths, name), record)
}

/** The record of a component, or undefined. */
export function readRecord(paths: Paths, name: string): RunRecord | undefined {
  return readJsonFile(fileOf(paths, name)) as RunRecord | undefined
}

/** Removes a component's record; without one, nothing happens. */
export function removeRecord(paths: Paths, name: string): void {
  rmSync(fileOf(paths, name), { force: true })
}

/** Remembers how the instance was started, so that later commands need not be told. */
export function writeInstance({ instance, root }: Paths, record: InstanceRecord): void {
  writeWhole(instanceRecordFile(instance, root), record)
}

/** How the instance was started last; undefined when it never was. */
export function readInstance({ instance, root }: Paths): InstanceRecord | undefined {
  return readJsonFile(instanceRecordFile(instance, root)) as InstanceRecord | undefined
}

/** The names of the instances that have a folder. */
export function knownInstances(root: string): readonly string[] {
  try {
    return readdirSync(instancesFolder(root))
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
