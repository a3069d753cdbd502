import { randomUUID } from 'node:crypto'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, IHeaders } from 'kafkajs'
import { openKafka } from './login.ts'

export type ReadRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
  /** The record's time in the log. */
  readonly timestampMs: number
}

/** A reader of its own group that gathers what is committed in some topics, from the beginning. */
export type Reading = { readonly records: readonly ReadRecord[]; close(): Promise<void> }

export async function readTopics(brokers: string, topics: readonly string[]): Promise<Reading> {
  const kafka = openKafka({ brokers, clientId: 'test-reader' })
  const consumer = kafka.consumer({
    groupId: `test-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  })
  const records: ReadRecord[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      records.push({
        topic,
        partition,
        offset: message.offset,
        key: message.key?.toString() ?? null,
        value: message.value,
        headers: textOf(message.headers ?? {}),
        timestampMs: Number(message.timestamp),
      })
    },
  })
  return { records, close: () => consumer.disconnect() }
}

/** Makes a topic and returns when the broker knows all its partitions. */
export async function newTopic(
  admin: Admin,
  topic: string,
  numPartitions = 1,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const topics = [{ topic, numPartitions, configEntries }]
  await admin.createTopics({ topics, waitForLeaders: false })
  const isThere = async () => (await admin.fetchTopicOffsets(topic)).length === numPartitions
  await eventually(isThere, { timeoutMs: 20_000, what: `the topic ${topic}` })
}

function textOf(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value?.toString() ?? '']),
  )
}
