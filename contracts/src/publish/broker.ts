import kafkajs, { type Admin } from 'kafkajs'
import { PublishError } from '../errors.ts'
import type { Topic } from '../topics.ts'

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs

/** A topic as the broker has it or shall have it. */
export type BrokerTopic = {
  readonly name: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

/** What must be done so that the broker's topics are as promised. */
export type TopicPlan = {
  readonly create: readonly BrokerTopic[]
  readonly configure: readonly BrokerTopic[]
  /** Sentences about what no publishing may mend: keys would move to other partitions. */
  readonly refused: readonly string[]
}

/**
 * A letter is its record, which may be as large as the broker takes by default (1 048 588 bytes), and the headers that say
 * what was wrong with it.
 */
const LETTER_BYTES = 1_048_588 + 65_536

/** The topics of the contracts, each followed by its dead letter topic, which keeps its records for ever. */
export function wantedTopics(topics: readonly Topic[]): readonly BrokerTopic[] {
  return topics.flatMap((topic) => [
    {
      name: topic.name,
      partitions: topic.partitions,
      configs: { 'retention.ms': String(topic.retentionMs), 'cleanup.policy': topic.cleanup },
    },
    {
      name: topic.deadLetter,
      partitions: topic.partitions,
      configs: {
        'retention.ms': '-1',
        'cleanup.policy': 'delete',
        'max.message.bytes': String(LETTER_BYTES),
      },
    },
  ])
}

export function planTopics(
  wanted: readonly BrokerTopic[],
  existing: readonly BrokerTopic[],
): TopicPlan {
  const found = new Map(existing.map((topic) => [topic.name, topic]))
  const isMissing = (topic: BrokerTopic) => !found.has(topic.name)
  const partitions = (topic: BrokerTopic) => found.get(topic.name)?.partitions ?? topic.partitions
  const differs = (topic: BrokerTopic) =>
    Object.entries(topic.configs).some(
      ([name, value]) => found.get(topic.name)?.configs[name] !== value,
    )
  return {
    create: wanted.filter(isMissing),
    configure: wanted.filter((topic) => !isMissing(topic) && differs(topic)),
    refused: wanted
      .filter((topic) => partitions(topic) !== topic.partitions)
      .map(
        (topic) =>
          `${topic.name}: ${topic.partitions} partitions are promised, the broker has ${partitions(topic)}`,
      ),
  }
}

export function openAdmin(brokers: string, timeoutMs: number): Admin {
  return new Kafka({
    clientId: 'contracts',
    brokers: brokers.split(','),
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 },
    logLevel: logLevel.NOTHING,
  }).admin()
}

/** The wanted topics that the broker has already, with the settings that contracts speak of. */
export async function existingTopics(
  admin: Admin,
  wanted: readonly BrokerTopic[],
): Promise<readonly BrokerTopic[]> {
  const all = new Set(await admin.listTopics())
  const names = wanted.map((topic) => topic.name).filter((name) => all.has(name))
  return topicsNamed(admin, names)
}

/** Every topic of the broker, whoever made it. */
export async function allTopics(admin: Admin): Promise<readonly BrokerTopic[]> {
  return topicsNamed(admin, await admin.listTopics())
}

async function topicsNamed(
  admin: Admin,
  names: readonly string[],
): Promise<readonly BrokerTopic[]> {
  if (names.length === 0) return []
  const { topics } = await admin.fetchTopicMetadata({ topics: [...names] })
  const configs = await configsOf(admin, names)
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    configs: configs.get(name) ?? {},
  }))
}

async function configsOf(admin: Admin, names: readonly string[]) {
  const configNames = ['retention.ms', 'cleanup.policy', 'max.message.bytes']
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map((entry) => [entry.configName, entry.configValue])),
    ]),
  )
}

/**
 * Carries a plan out. Creating is not waited for by the client (it fails on a broker that has not heard of the topic
 * yet), so the caller looks with `existingTopics` until they are there. A crash between creating and configuring leaves
 * a part undone; the next run plans and does the rest.
 */
export async function carryOut(admin: Admin, plan: TopicPlan, replicationFactor: number) {
  if (plan.refused.length > 0) {
    throw new PublishError(plan.refused.join('\n'), { retriable: false })
  }
  if (plan.create.length > 0) {
    await admin.createTopics({
      waitForLeaders: false,
      topics: plan.create.map(({ name, partitions, configs }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: configEntries(configs),
      })),
    })
  }
  if (plan.configure.length > 0) {
    await admin.alterConfigs({
      validateOnly: false,
      resources: plan.configure.map(({ name, configs }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configEntries: configEntries(configs),
      })),
    })
  }
}

function configEntries(configs: Readonly<Record<string, string>>) {
  return Object.entries(configs).map(([name, value]) => ({ name, value }))
}
