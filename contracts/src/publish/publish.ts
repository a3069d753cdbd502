import { setTimeout as pause } from 'node:timers/promises'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import type { HttpLogin } from '@tenseams/identities/http-login'
import type { Admin } from 'kafkajs'
import { PublishError } from '../errors.ts'
import { schemaVersions } from '../schemas.ts'
import { readTopics, subjectOf, type Topic } from '../topics.ts'
import {
  type BrokerTopic,
  carryOut,
  existingTopics,
  openAdmin,
  planTopics,
  wantedTopics,
} from './broker.ts'

type PublishOptions = {
  readonly registryUrl: string
  /** The publisher's, at the registry. */
  readonly login: HttpLogin
  /** host:port, several with commas. */
  readonly brokers: string
  /** For the whole run, including the wait for registry and broker. */
  readonly timeoutMs: number
  readonly replicationFactor?: number
  readonly onProgress?: (line: string) => void
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
 * the topics with their dead letter topics. Nothing else may register contracts.
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
  const admin = openAdmin(options.brokers, requestTimeoutMs)
  await until(deadline, `the registry at ${options.registryUrl} is ready`, registry.isReady)
  const subjects = await publishSchemas(registry, topics, options.onProgress)
  const changed = await withAdmin(admin, deadline, options.brokers, () =>
    makeTopics(admin, wantedTopics(topics), deadline, options),
  )
  return { subjects, ...changed }
}

/**
 * Creates topics that have no contract and must exist before their producer starts, with these partitions and settings.
 * Idempotent, also after a crash.
 *
 * @throws PublishError when one has another number of partitions, or the broker does not answer in time.
 */
export async function ensureTopics(
  wanted: readonly BrokerTopic[],
  options: Pick<PublishOptions, 'brokers' | 'timeoutMs'>,
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs
  const admin = openAdmin(options.brokers, requestTimeoutMs)
  await withAdmin(admin, deadline, options.brokers, () => makeTopics(admin, wanted, deadline))
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
  admin: Admin,
  deadline: number,
  brokers: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    await until(deadline, `the broker at ${brokers} answers`, () => connects(admin))
    return await work()
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
