import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InstanceError } from './errors.ts'

/** The repository's root folder. */
export const projectRoot = resolve(import.meta.dirname, '../../..')

const INSTANCE_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/

/** The folder below `root` that has a folder for each instance. */
export function instancesFolder(root = projectRoot): string {
  return join(root, '.stack')
}

/**
 * The folder that holds all data, logs and records of an instance.
 *
 * @throws InstanceError when the name cannot be a folder's name.
 */
export function stateFolderOf(instance: string, root = projectRoot): string {
  if (INSTANCE_NAME.test(instance)) return join(instancesFolder(root), instance)
  throw new InstanceError(
    `the name of an instance consists of a-z, 0-9 and -, at most 40 of them, not "${instance}"`,
  )
}

/** The folder with a file of credentials for each identity (packages/identities). */
export function secretsFolderOf(instance: string, root = projectRoot): string {
  return join(stateFolderOf(instance, root), 'secrets')
}

/** The folder for the records of the instance's last start and of its processes. */
export function runFolderOf(instance: string, root = projectRoot): string {
  return join(stateFolderOf(instance, root), 'run')
}

/** The file with the profile, port offset and settings of the instance's last start. */
export function instanceRecordFile(instance: string, root = projectRoot): string {
  return join(runFolderOf(instance, root), 'instance.json')
}

/**
 * The JSON in a file; undefined when there is no such file.
 *
 * @throws InstanceError when the file exists and cannot be read.
 */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new InstanceError(`${file} cannot be read`, { cause: error })
  }
}
