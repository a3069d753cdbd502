import {
  type Connection,
  createTopicsV7,
  fetchV12,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
  initProducerIdV4,
  metadataV12,
  offsetCommitV8,
  produceV9,
} from '@platformatic/kafka'
import { type Cell, type KafkaOperation, kafkaCells } from '@tenseams/contracts/rights/cells'
import { readUsers } from '@tenseams/contracts/rights/users'
import { readTopics } from '@tenseams/contracts/topics'
import { notificationTopic, rawTables, rawTopicOf } from '@tenseams/debezium/raw-topics'
import { identities } from '@tenseams/identities/identities'
import { loginIn } from '@tenseams/kafka/access/login'
import { openConnection, protocolErrorsIn } from '@tenseams/kafka/access/raw-connection'
import { askingPrefix } from '@tenseams/kafka/access/rights'
import { type Endpoints, kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type { Answer, Probe } from './matrix.ts'

/** Topics of Connect and of the brokers, which no contract has. */
const otherTopics = [
  ...rawTables.map(rawTopicOf),
  ...rawTables.map((table) => `${rawTopicOf(table)}.dead-letter`),
  ...[notificationTopic, 'connect.configs', 'connect.offsets', 'connect.status'],
  ...['__consumer_offsets', '__transaction_state'],
]

/**
 * Kafka's cells. Each question is a request that the broker refuses for another reason once it has granted it, such as a
 * partition that does not exist: authorization comes first. So nothing is written, created or committed.
 */
export function kafkaProbe(endpoints: Endpoints): Probe<Cell> {
  const connections = new Map<string, Promise<Connection>>()
  const connectionOf = (identity: string) => {
    const known = connections.get(identity)
    if (known !== undefined) return known
    const name = identities.find((each) => each.name === identity)?.name
    if (name === undefined) throw new Error(`${identity} is no identity`)
    const { brokers, credentialsFile } = kafkaAs(endpoints, name)
    const login = loginIn(credentialsFile)()
    const opened = openConnection({ brokers, clientId: `${askingPrefix}matrix-${identity}`, login })
    connections.set(identity, opened)
    return opened
  }
  return {
    name: 'Kafka',
    cells: kafkaCells(readTopics(), readUsers(), { topics: otherTopics }),
    ask: async ({ identity, operation, target }) =>
      requests[operation](await connectionOf(identity), target),
    close: async () => {
      const opened = await Promise.all(connections.values())
      await Promise.all(opened.map((connection) => connection.close()))
    },
  }
}

type Request = (connection: Connection, target: string) => Promise<Answer>

const NO_SUCH_PARTITION = 9_999
const TIMEOUT_MS = 5_000

const requests: Readonly<Record<KafkaOperation, Request>> = {
  produce: (connection, topic) =>
    granted('TOPIC', () =>
      produceV9.api.async(connection, 1, TIMEOUT_MS, [
        { topic, partition: NO_SUCH_PARTITION, value: Buffer.from('') },
      ]),
    ),
  consume: (connection, topic) => granted('TOPIC', () => fetchNothing(connection, topic)),
  'create a topic': (connection, name) => {
    const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
    return granted('TOPIC', () => createTopicsV7.api.async(connection, [topic], TIMEOUT_MS, true))
  },
  'alter a topic': (connection, resourceName) =>
    granted('TOPIC', () =>
      incrementalAlterConfigsV1.api.async(
        connection,
        [{ resourceType: 2, resourceName, configs: [shorterRetention] }],
        true,
      ),
    ),
  // A request to delete has no dry run, so the broker is asked what it would allow.
  'delete a topic': mayDelete,
  commit: (connection, group) =>
    granted('GROUP', () =>
      offsetCommitV8.api.async(connection, group, -1, '', null, [
        { name: 'matrix.none', partitions: [nothingCommitted] },
      ]),
    ),
  transact: (connection, id) =>
    granted('TRANSACTIONAL_ID', () => initProducerIdV4.api.async(connection, id, TIMEOUT_MS)),
}

const shorterRetention = {
  ...{ name: 'retention.ms', value: '3600000' },
  configOperation: IncrementalAlterConfigOperationTypes.SET,
}

const nothingCommitted = {
  ...{ partitionIndex: 0, committedOffset: 0n, committedLeaderEpoch: -1, committedMetadata: null },
}

function fetchNothing(connection: Connection, topic: string) {
  const partition = {
    ...{ partition: NO_SUCH_PARTITION, currentLeaderEpoch: -1, fetchOffset: 0n },
    ...{ lastFetchedEpoch: -1, partitionMaxBytes: 1 },
  }
  // This version names topics, although the library's type calls the name an id.
  const topics = [{ topicId: topic, partitions: [partition] }]
  return fetchV12.api.async(connection, 0, 0, 1, 0, 0, -1, topics, [], '')
}

/** Kafka's number of the operation: a set bit is an operation that the user may do. */
const DELETE = 6

async function mayDelete(connection: Connection, topic: string): Promise<Answer> {
  const bits = await metadataV12.api.async(connection, [topic], false, true).then(
    ({ topics }) => topics[0]?.topicAuthorizedOperations ?? 0,
    // A topic that is not there, or must not be seen.
    (error: unknown) => operationsIn(error),
  )
  return (bits & (1 << DELETE)) === 0 ? 'denied' : 'allowed'
}

function operationsIn(error: unknown): number {
  const response = error instanceof Error && 'response' in error ? error.response : undefined
  if (response === undefined) throw error
  const { topics } = response as { topics: readonly { topicAuthorizedOperations: number }[] }
  return topics[0]?.topicAuthorizedOperations ?? 0
}

/** Denied when the broker says so of what was asked for; every other answer of the broker comes after it has granted it. */
async function granted(kind: string, ask: () => Promise<unknown>): Promise<Answer> {
  try {
    await ask()
    return 'allowed'
  } catch (error) {
    const names = protocolErrorsIn(error)
    if (names.length === 0) throw error
    return names.includes(`${kind}_AUTHORIZATION_FAILED`) ? 'denied' : 'allowed'
  }
}
