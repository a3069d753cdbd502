import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InstanceError } from './errors.ts'

/** The repository's folder. */
export const projectRoot = resolve(import.meta.dirname, '../../..')

/** Everything that an instance keeps, below `root`. */
export function stateFolderOf(instance: string, root = projectRoot): string {
  return join(root, '.stack', instance)
}

/** What the launcher remembers of how an instance was started last. */
export function instanceRecordFile(instance: string, root = projectRoot): string {
  return join(stateFolderOf(instance, root), 'run', 'instance.json')
}

/**
 * The JSON in a file; undefined when there is no such file.
 *
 * @throws InstanceError when the file is there and cannot be read.
 */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new InstanceError(`${file} cannot be read`, { cause: error })
  }
}
