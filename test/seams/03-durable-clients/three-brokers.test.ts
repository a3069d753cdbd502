import { DurableProducer } from '@tenseams/kafka/producer'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Kafka } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlainProducer } from '../../faults/kafka/plain-producer.ts'
import { readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { BrokerCluster } from './broker-cluster.ts'

/** The controller's broker is the follower; the broker that is elected next is paused for a while. */
const [follower, leader, heir] = [1, 2, 3] as const
const leaderAcks = 'acks-leader'
const allAcks = 'acks-all'

let cluster: BrokerCluster
let kafka: Kafka
let admin: Admin
let byLeader: PlainProducer
let byAll: DurableProducer

beforeAll(async () => {
  cluster = new BrokerCluster()
  // Another leader is elected only when the session of the killed broker has expired.
  await cluster.start({ 'broker.session.timeout.ms': 6_000, 'broker.heartbeat.interval.ms': 500 })
  kafka = openKafka({ brokers: cluster.brokers, clientId: 'test' })
  admin = kafka.admin()
  byLeader = new PlainProducer({ kafka, idempotent: false, acks: 1 })
  byAll = new DurableProducer({ kafka })
  await admin.connect()
  const replicaAssignment = [{ partition: 0, replicas: [leader, heir, follower] }]
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
  const topics = [leaderAcks, allAcks].map((topic) => ({ topic, replicaAssignment, configEntries }))
  await admin.createTopics({ topics, waitForLeaders: false })
})

afterAll(async () => {
  await byLeader?.close()
  await byAll?.close()
  await admin?.disconnect()
  await cluster.close()
})

/**
 * A follower is paused, a record written, the leader killed, the follower resumed and elected. It is still listed as in
 * sync, because it was paused for less than its session timeout, and it does not have the record.
 */
test('a record that the leader alone acknowledged is lost with it; one that all must acknowledge is there', async () => {
  await eventually(allInSync, { timeoutMs: 90_000, what: 'three replicas of both topics' })
  for (const topic of [leaderAcks, allAcks]) await byAll.send(topic, [{ value: 'before' }])
  await byLeader.send(leaderAcks, [{ value: 'connected' }])
  cluster.signal(heir, 'SIGSTOP')
  // The leader still answers the open fetch of the paused follower, into its socket. This record uses up that fetch.
  await followed(leaderAcks, () => byLeader.send(leaderAcks, [{ value: 'in the socket' }]))
  await followed(leaderAcks, () => byLeader.send(leaderAcks, [{ value: 'acknowledged' }]))
  let acknowledged = false
  // Sent again when the producer has given up, as a client that needs the record does.
  const asked = eventually(
    async () => {
      await byAll.send(allAcks, [{ value: 'asked' }])
      acknowledged = true
      return true
    },
    { timeoutMs: 120_000, what: 'all to acknowledge' },
  )
  await followed(allAcks, () => undefined)
  expect(acknowledged).toBe(false)
  cluster.signal(leader, 'SIGKILL')
  cluster.signal(heir, 'SIGCONT')
  await eventually(isElected, { timeoutMs: 90_000, what: 'the heir to lead' })
  await asked

  for (const topic of [leaderAcks, allAcks]) await byAll.send(topic, [{ value: 'end' }])
  const values = await valuesIn([leaderAcks, allAcks])
  expect(values.get(allAcks)).toEqual(['before', 'asked', 'end'])
  expect(values.get(leaderAcks)).not.toContain('acknowledged')
  expect(values.get(leaderAcks)?.at(0)).toBe('before')
})

const partitions = async () => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [leaderAcks, allAcks] })
  return topics.flatMap((topic) => topic.partitions)
}

const allInSync = async () => {
  const found = await partitions()
  return found.length === 2 && found.every(({ isr }) => isr.length === 3)
}

const isElected = async () => (await partitions()).every((partition) => partition.leader === heir)

/** Waits until the other follower has what `send` sends, or any new bytes. */
async function followed(topic: string, send: () => unknown): Promise<void> {
  const before = cluster.bytesOf(follower, topic)
  await send()
  const hasMore = () => cluster.bytesOf(follower, topic) > before
  await eventually(hasMore, { timeoutMs: 60_000, what: `more of ${topic}`, intervalMs: 10 })
}

async function valuesIn(topics: readonly string[]): Promise<ReadonlyMap<string, string[]>> {
  const reading = await readTopics(cluster.brokers, topics)
  const values = () => Map.groupBy(reading.records, ({ topic }) => topic)
  const isWhole = () =>
    reading.records.filter(({ value }) => String(value) === 'end').length === topics.length
  await eventually(isWhole, { timeoutMs: 90_000, what: 'the last records' })
  await reading.close()
  return new Map(
    [...values()].map(([topic, records]) => [topic, records.map(({ value }) => String(value))]),
  )
}
