import { randomUUID } from 'node:crypto'
import { openKafka } from '@tenseams/kafka/client'
import type { Capturing } from './capturing.ts'
import { notificationTopic } from './raw-topics.ts'
import { writerDecoder } from './writer-schema.ts'

/** A notification of Debezium about a snapshot. */
export type Notification = {
  /** For an incremental snapshot: the id of the signal that requested it. */
  readonly id: string
  readonly type: string
  readonly aggregate_type: string
  readonly additional_data: Readonly<Record<string, string>> | null
}

/** Calls `take` with each notification of the raw connector from now on, in order, until it is closed. */
export async function followNotifications(
  { registryUrl, ...access }: Pick<Capturing, 'brokers' | 'credentialsFile' | 'registryUrl'>,
  take: (notification: Notification) => void,
): Promise<{ close(): Promise<void> }> {
  const kafka = openKafka({ ...access, clientId: 'cdc' })
  const decode = writerDecoder(registryUrl)
  const consumer = kafka.consumer({
    groupId: `cdc-command-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 200,
    allowAutoTopicCreation: false,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [notificationTopic], fromBeginning: false })
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve())
  })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message: { value } }) => {
      if (value !== null) take(await decode(notificationTopic, value))
    },
  })
  await joined
  return { close: () => consumer.disconnect() }
}
