import { join, resolve } from 'node:path'

/** The folders and files of one instance; all below the project but a folder that Postgres may need (postgres.ts). */
export type Places = {
  readonly root: string
  readonly instance: string
  readonly state: string
  readonly data: string
  readonly logs: string
  readonly run: string
  readonly secrets: string
  readonly warehouse: string
  /** Checkpoints and savepoints of every job. */
  readonly flinkState: string
  readonly checkpoints: string
  readonly savepoints: string
  /** The JVM project and, in lib/, its jars; shared by all instances. */
  readonly jvm: string
}

/** The project's folder, from this file's own place in it. */
export const projectRoot = resolve(import.meta.dirname, '../../../../..')

const INSTANCE_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/

/**
 * Says where an instance keeps its things; makes nothing.
 *
 * @throws RangeError when the name of the instance cannot be a folder's name.
 */
export function placesOf(root: string, instance: string): Places {
  if (!INSTANCE_NAME.test(instance)) {
    throw new RangeError(`an instance's name is made of a-z, 0-9 and -, 40 at most: "${instance}"`)
  }
  const state = join(root, '.stack', instance)
  const data = join(state, 'data')
  return {
    root,
    instance,
    state,
    data,
    logs: join(state, 'logs'),
    run: join(state, 'run'),
    secrets: join(state, 'secrets.json'),
    warehouse: join(data, 'warehouse'),
    flinkState: join(data, 'flink'),
    checkpoints: join(data, 'flink', 'checkpoints'),
    savepoints: join(data, 'flink', 'savepoints'),
    jvm: join(root, 'deploy', 'local', 'jvm'),
  }
}
