import { setTimeout as pause } from 'node:timers/promises'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
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
  /** host:port, several with commas. */
  readonly brokers: string
  /** For the whole of it, waiting for registry and broker included. */
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
 * Makes registry and broker agree with the contracts: the level of each subject, every version of its schema in order,
 * the topics with their dead letter topics. The only way for contracts into the registry.
 *
 * Doing it again changes nothing, so after a crash between its steps it is simply run again. Consumers may look ids up
 * as soon as it has returned, producers may send.
 *
 * @throws PublishError when the registry refuses a schema, a topic has other partitions than promised, or registry or
 *   broker do not answer in time; ContractError when the contracts themselves cannot be read.
 */
export async function publishContracts(options: PublishOptions): Promise<Published> {
  const deadline = Date.now() + options.timeoutMs
  const topics = readTopics()
  const registry = openRegistry(options.registryUrl, requestTimeoutMs)
  const admin = openAdmin(options.brokers, requestTimeoutMs)
  await until(deadline, `the registry at ${options.registryUrl} is ready`, registry.isReady)
  const subjects = await publishSchemas(registry, topics, options.onProgress)
  const changed = await withAdmin(admin, deadline, options.brokers, () =>
    makeTopics(admin, wantedTopics(topics), deadline, options),
  )
  return { subjects, ...changed }
}

/**
 * Makes topics that are no contract and must be there before their producer, with partitions and settings as wanted.
 * It may be repeated as often as wanted, as after a crash.
 *
 * @throws PublishError when one has other partitions, or the broker does not answer in time.
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

/** The level comes after the first version (Apicurio 2.6 knows no subject before) and before every other. */
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
    `${subject}: contracts have this text as version ${ours}, the registry as ${theirs}; somebody else registered`,
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

/** The last failure of `holds` is the cause of giving up. */
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
  throw new PublishError(`waited too long until ${what}`, { cause, retriable: true })
}
