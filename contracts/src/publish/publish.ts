import { setTimeout as pause } from 'node:timers/promises'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { loginIn } from '@tenseams/kafka/access/login'
import type { Admin } from 'kafkajs'
import { PublishError } from '../errors.ts'
import { aclsOf } from '../rights/acls.ts'
import { readUsers } from '../rights/users.ts'
import { schemaVersions } from '../schemas.ts'
import { readTopics, subjectOf, type Topic } from '../topics.ts'
import {
  type BrokerAccess,
  type BrokerTopic,
  carryOut,
  existingTopics,
  openAdmin,
  planTopics,
  wantedTopics,
} from './broker.ts'
import { carryOutRights, changesIn, isNothing, planRights, readRights } from './rights.ts'

type PublishOptions = {
  readonly registryUrl: string
  /** The publisher's, at the registry. */
  readonly login: HttpLogin
  /** host:port, several with commas. */
  readonly brokers: string
  readonly credentials: PublishCredentials
  /** For the whole run, including the wait for registry and broker. */
  readonly timeoutMs: number
  readonly replicationFactor?: number
  readonly onProgress?: (line: string) => void
}

/** Files of credentials. Topics are the publisher's work; whoever gives rights could give himself every right. */
export type PublishCredentials = {
  readonly publisher: string
  readonly admin: string
}

type RightsOptions = Pick<PublishOptions, 'brokers' | 'timeoutMs' | 'onProgress'> & {
  /** The admin's file of credentials. */
  readonly admin: string
}

export type Published = {
  readonly subjects: readonly PublishedSchema[]
  readonly createdTopics: readonly string[]
  readonly configuredTopics: readonly string[]
}

export type PublishedSchema = {
  readonly subject: string
  readonly version: number
  readonly id: number
}

const requestTimeoutMs = 10_000

/**
 * Makes registry and broker agree with the contracts: the level of each subject, every version of its schema in order, and
 * the topics with their dead letter topics, the rights of every user and their quotas. Nothing else may register contracts.
 *
 * Idempotent: after a crash between its steps, run it again. When it has returned, consumers can look ids up and producers
 * can send.
 *
 * @throws RegistryError when the registry refuses a schema; PublishError when a topic has another number of partitions, or
 *   registry or broker do not answer in time; ContractError when the contracts themselves cannot be read.
 */
export async function publishContracts(options: PublishOptions): Promise<Published> {
  const deadline = Date.now() + options.timeoutMs
  const topics = readTopics()
  const registry = openRegistry(options.registryUrl, requestTimeoutMs, options.login)
  // First, because the publisher needs its own to create topics.
  await giveRights({ ...options, admin: options.credentials.admin })
  await until(deadline, `the registry at ${options.registryUrl} is ready`, registry.isReady)
  const subjects = await publishSchemas(registry, topics, options.onProgress)
  const access = { brokers: options.brokers, credentialsFile: options.credentials.publisher }
  const changed = await withAdmin(access, deadline, (admin) =>
    makeTopics(admin, wantedTopics(topics), deadline, options),
  )
  return { subjects, ...changed }
}

/**
 * Makes the broker agree with the rights and quotas of the contracts, and returns when it does: gives what is missing, and takes
 * from the users of the contracts what they have too much. Idempotent, also after a crash in the middle.
 *
 * @throws PublishError when the broker does not answer, or does not agree in time.
 */
export async function giveRights({
  brokers,
  admin: credentialsFile,
  timeoutMs,
  onProgress,
}: RightsOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const users = readUsers()
  const promised = { users, acls: aclsOf(readTopics(), users) }
  const login = loginIn(credentialsFile)
  const plan = await withAdmin({ brokers, credentialsFile }, deadline, async (admin) => {
    const access = { brokers, login, admin }
    const rest = async () => planRights(promised, await readRights(access))
    const planned = await rest()
    await carryOutRights(access, planned)
    await until(deadline, 'the broker has all rights', async () => isNothing(await rest()))
    return planned
  })
  for (const line of changesIn(plan)) onProgress?.(line)
}

/**
 * Creates topics that have no contract and must exist before their producer starts, with these partitions and settings.
 * Idempotent, also after a crash.
 *
 * @throws PublishError when one has another number of partitions, or the broker does not answer in time.
 */
export async function ensureTopics(
  wanted: readonly BrokerTopic[],
  options: BrokerAccess & { readonly timeoutMs: number },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs
  await withAdmin(options, deadline, (admin) => makeTopics(admin, wanted, deadline))
}

async function publishSchemas(
  registry: Registry,
  topics: readonly Topic[],
  onProgress: PublishOptions['onProgress'],
): Promise<readonly PublishedSchema[]> {
  const published: PublishedSchema[] = []
  for (const topic of topics) {
    for (const schema of await publishSubject(registry, topic)) {
      published.push(schema)
      onProgress?.(`${schema.subject} version ${schema.version}: id ${schema.id}`)
    }
  }
  return published
}

/** The level is set after the first version (before it, Apicurio 2.6 has no subject) and before every other version. */
async function publishSubject(registry: Registry, topic: Topic) {
  const subject = subjectOf(topic.name)
  const published: PublishedSchema[] = []
  for (const contract of schemaVersions(topic.name)) {
    const { id, version } = await registry.register(subject, contract)
    if (version !== contract.version) throw outOfStep(subject, contract.version, version)
    if (version === 1) await registry.setLevel(subject, topic.compatibility)
    published.push({ subject, version, id })
  }
  return published
}

function outOfStep(subject: string, ours: number, theirs: number): PublishError {
  return new PublishError(
    `${subject}: contracts have this text as version ${ours}, the registry as ${theirs}; another client registered versions`,
    { retriable: false },
  )
}

async function makeTopics(
  admin: Admin,
  wanted: readonly BrokerTopic[],
  deadline: number,
  {
    replicationFactor = 1,
    onProgress,
  }: Pick<PublishOptions, 'replicationFactor' | 'onProgress'> = {},
) {
  const plan = planTopics(wanted, await existingTopics(admin, wanted))
  await carryOut(admin, plan, replicationFactor)
  await until(deadline, 'the broker has all topics', async () => {
    const rest = planTopics(wanted, await existingTopics(admin, wanted))
    return rest.create.length + rest.configure.length === 0
  })
  const createdTopics = plan.create.map((topic) => topic.name)
  const configuredTopics = plan.configure.map((topic) => topic.name)
  for (const name of createdTopics) onProgress?.(`topic ${name}: created`)
  for (const name of configuredTopics) onProgress?.(`topic ${name}: settings changed`)
  return { createdTopics, configuredTopics }
}

async function withAdmin<Result>(
  { brokers, credentialsFile }: BrokerAccess,
  deadline: number,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = openAdmin({ brokers, credentialsFile }, requestTimeoutMs)
  try {
    await until(deadline, `the broker at ${brokers} answers and lets us in`, () => connects(admin))
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

async function connects(admin: Admin): Promise<boolean> {
  await admin.connect()
  return true
}

/** @throws PublishError after the deadline, with the last failure of `holds` as its cause. */
async function until(deadline: number, what: string, holds: () => Promise<boolean>) {
  let cause: unknown
  while (Date.now() < deadline) {
    try {
      if (await holds()) return
    } catch (error) {
      cause = error
    }
    await pause(200)
  }
  throw new PublishError(`not in time: ${what}`, { cause, retriable: true })
}
