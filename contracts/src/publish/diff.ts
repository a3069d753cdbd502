import { openRegistry, type Registry } from '@tenseams/codec/registry'
import { loginIn } from '@tenseams/kafka/access/login'
import type { Admin } from 'kafkajs'
import { PublishError } from '../errors.ts'
import { aclsOf } from '../rights/acls.ts'
import { readUsers } from '../rights/users.ts'
import { type ContractSchema, schemaVersions } from '../schemas.ts'
import { readTopics, subjectOf } from '../topics.ts'
import { allTopics, openAdmin, wantedTopics } from './broker.ts'
import { type Drift, driftOf, type Promised, type RunningSubject } from './drift.ts'
import { readRights, rightsDrift } from './rights.ts'
import { readUngoverned } from './ungoverned.ts'

export type DiffOptions = {
  readonly registryUrl: string
  /** host:port, several with commas. */
  readonly brokers: string
  /** The admin's file of credentials: only he sees every topic, right and quota. */
  readonly admin: string
  /** For each request. */
  readonly timeoutMs: number
}

/**
 * The differences between the contracts and the running broker and registry. Read-only.
 *
 * @throws PublishError, RegistryError when the broker or the registry does not answer, so that no answer never counts as
 *   agreement; ContractError when the contracts themselves cannot be read.
 */
export async function diffContracts(options: DiffOptions): Promise<readonly Drift[]> {
  const promised = readPromised()
  const registry = openRegistry(options.registryUrl, options.timeoutMs)
  const subjects = await runningSubjects(registry, promised.schemas)
  const topics = await withAdmin(options, allTopics)
  return [...driftOf(promised, { topics, subjects }), ...(await differingRights(options))]
}

async function differingRights(options: DiffOptions): Promise<readonly Drift[]> {
  const users = readUsers()
  const { brokers } = options
  const running = await withAdmin(options, (admin) =>
    readRights({ brokers, login: loginIn(options.admin), admin }),
  )
  return rightsDrift({ users, acls: aclsOf(readTopics(), users) }, running)
}

function readPromised(): Promised {
  const topics = readTopics()
  return {
    topics,
    brokerTopics: wantedTopics(topics),
    schemas: topics.flatMap(({ name }) => schemaVersions(name)),
    ungoverned: readUngoverned(),
  }
}

async function runningSubjects(
  registry: Registry,
  schemas: readonly ContractSchema[],
): Promise<readonly RunningSubject[]> {
  const running: RunningSubject[] = []
  for (const subject of await registry.subjects()) {
    const found = new Map<number, number>()
    for (const schema of schemas.filter(({ topic }) => subjectOf(topic) === subject)) {
      const registered = await registry.find(subject, schema)
      if (registered !== undefined) found.set(schema.version, registered.version)
    }
    const level = await registry.level(subject)
    running.push({ subject, level, versions: await registry.versions(subject), found })
  }
  return running
}

async function withAdmin<Result>(
  { brokers, admin: credentialsFile, timeoutMs }: DiffOptions,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = openAdmin({ brokers, credentialsFile }, timeoutMs)
  try {
    await admin.connect()
    return await work(admin)
  } catch (error) {
    throw new PublishError(`the broker at ${brokers} does not answer, or refuses us`, {
      cause: error,
      retriable: true,
    })
  } finally {
    await admin.disconnect()
  }
}
