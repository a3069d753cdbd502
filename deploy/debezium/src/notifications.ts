import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'
import { openKafka } from '@tenseams/kafka/client'
import type { Capturing } from './capturing.ts'
import { notificationTopic } from './raw-topics.ts'

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
  { brokers, registryUrl }: Pick<Capturing, 'brokers' | 'registryUrl'>,
  take: (notification: Notification) => void,
): Promise<{ close(): Promise<void> }> {
  const kafka = openKafka({ brokers, clientId: 'cdc' })
  const ccompat = `${registryUrl}/apis/ccompat/v7`
  const codec = openCodec(ccompat, 10_000)
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
      if (value !== null) take(await decoded(codec, ccompat, value))
    },
  })
  await joined
  return { close: () => consumer.disconnect() }
}

/** Decodes with the writer's schema, since notifications have no contract of ours. */
async function decoded(codec: Codec, ccompat: string, bytes: Buffer): Promise<Notification> {
  const url = `${ccompat}/schemas/ids/${schemaIdOf(bytes)}`
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  const { schema } = (await answer.json()) as { readonly schema: string }
  const reader = { text: schema, format: 'avro' } as const
  return (await codec.decode<Notification>(notificationTopic, bytes, reader)).value
}
