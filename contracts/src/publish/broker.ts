import { openKafka } from '@tenseams/kafka/client'
import kafkajs, { type Admin } from 'kafkajs'
import { PublishError } from '../errors.ts'
import type { Topic } from '../topics.ts'

const { ConfigResourceTypes } = kafkajs

/** A topic as it is, or should be, on the broker. */
export type BrokerTopic = {
  readonly name: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

/** The changes that make the broker's topics agree with the contracts. */
export type TopicPlan = {
  readonly create: readonly BrokerTopic[]
  readonly configure: readonly BrokerTopic[]
  /** Sentences about topics that cannot be corrected, because keys would move to other partitions. */
  readonly refused: readonly string[]
}

/**
 * A dead letter is the record, which may have the broker's default maximum size (1 048 588 bytes), and headers with the
 * reason.
 */
const DEAD_LETTER_BYTES = 1_048_588 + 65_536

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
        'max.message.bytes': String(DEAD_LETTER_BYTES),
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

/** How the brokers are reached, and as whom. */
export type BrokerAccess = {
  /** host:port, several with commas. */
  readonly brokers: string
  readonly credentialsFile: string | undefined
}

export function openAdmin(access: BrokerAccess, requestTimeoutMs: number): Admin {
  return openKafka({ ...access, clientId: 'contracts', requestTimeoutMs }).admin()
}

/** The wanted topics that the broker already has, with the settings that contracts promise. */
export async function existingTopics(
  admin: Admin,
  wanted: readonly BrokerTopic[],
): Promise<readonly BrokerTopic[]> {
  const all = new Set(await admin.listTopics())
  const names = wanted.map((topic) => topic.name).filter((name) => all.has(name))
  return topicsNamed(admin, names)
}

/** Every topic of the broker. */
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
 * Carries a plan out. The client does not wait for created topics, because its wait fails on a broker that does not know the
 * topic yet; the caller polls `existingTopics` until they exist. After a crash between creating and configuring, the next
 * run plans and does the rest.
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
