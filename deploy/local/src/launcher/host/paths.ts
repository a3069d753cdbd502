import { join } from 'node:path'
import { runFolderOf, secretsFolderOf, stateFolderOf } from '@tenseams/cli/instance'

/** The folders and files of one instance. All are below the repository, but one that Postgres may need (postgres-home.ts). */
export type Paths = {
  readonly root: string
  readonly instance: string
  readonly state: string
  readonly data: string
  readonly logs: string
  readonly run: string
  /** A folder a component for its temporary files. */
  readonly temporary: string
  /** A file of credentials for each identity. */
  readonly secrets: string
  /** The hashes of everybody's tokens, for the services. */
  readonly callers: string
  /** The audit log of each service, and what Kafka notes of used rights. */
  readonly audit: string
  /** The passwords of an instance of before there were identities. */
  readonly formerSecrets: string
  readonly warehouse: string
  /** Checkpoints and savepoints of every job. */
  readonly flinkState: string
  readonly checkpoints: string
  readonly savepoints: string
  /** The JVM project and, in lib/, its jars; shared by all instances. */
  readonly jvm: string
}

/**
 * Where an instance keeps its files. Creates nothing.
 *
 * @throws InstanceError when the name of the instance cannot be a folder's name.
 */
export function pathsOf(root: string, instance: string): Paths {
  const state = stateFolderOf(instance, root)
  const data = join(state, 'data')
  const run = runFolderOf(instance, root)
  return {
    root,
    instance,
    state,
    data,
    logs: join(state, 'logs'),
    run,
    temporary: join(run, 'tmp'),
    secrets: secretsFolderOf(instance, root),
    callers: join(state, 'callers.json'),
    audit: join(state, 'audit'),
    formerSecrets: join(state, 'secrets.json'),
    warehouse: join(data, 'warehouse'),
    flinkState: join(data, 'flink'),
    checkpoints: join(data, 'flink', 'checkpoints'),
    savepoints: join(data, 'flink', 'savepoints'),
    jvm: join(root, 'deploy', 'local', 'jvm'),
  }
}

/** Where the brokers note which rights were used (deploy/local/jvm/src/kafka). */
export function kafkaUsesFolder({ audit }: Pick<Paths, 'audit'>): string {
  return join(audit, 'kafka')
}

/**
 * The folder for a component's temporary files, emptied before each start of it (supervisor.ts): a server that is killed
 * leaves there what it has unpacked, about 40 MB in the case of Flink's planner.
 */
export function temporaryFolderOf(paths: Pick<Paths, 'temporary'>, component: string): string {
  return join(paths.temporary, component)
}
