import { randomUUID } from 'node:crypto'
import { openCodec } from '@tenseams/contracts/codec'
import { openKafka } from '@tenseams/kafka/client'
import { type Endpoints, kafkaAs } from '@tenseams/local/launcher/plan/endpoints'

/** A committed record and the time at which it was written, in milliseconds since 1970. */
export type CommittedRecord<Row> = {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly row: Row
  readonly timestampMs: number
}

/**
 * Calls `onRecord` for every record committed to the topics from now on, until the returned function is called. Records that
 * cannot be decoded are skipped. Records of several topics do not arrive in the order in which they were written.
 */
export async function followCommitted<Row>(
  endpoints: Pick<Endpoints, 'kafkaBrokers' | 'secretsFolder' | 'registryUrl'>,
  topics: readonly string[],
  onRecord: (record: CommittedRecord<Row>) => void,
): Promise<() => Promise<void>> {
  const kafka = openKafka({ ...kafkaAs(endpoints, 'reader'), clientId: 'demonstration' })
  const codec = openCodec(endpoints.registryUrl)
  const ends = await endsOf(kafka, topics)
  const consumer = kafka.consumer({
    groupId: `demonstration-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: false })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      const decoded = await codec.decode<Row>(topic, message.value).catch(() => undefined)
      if (decoded === undefined) return
      const { offset, timestamp } = message
      onRecord({
        ...{ topic, partition, offset: BigInt(offset), row: decoded.value },
        timestampMs: Number(timestamp),
      })
    },
  })
  for (const end of ends) consumer.seek(end)
  return () => consumer.disconnect()
}

async function endsOf(kafka: ReturnType<typeof openKafka>, topics: readonly string[]) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const all = await Promise.all(
      topics.map(async (topic) => {
        const partitions = await admin.fetchTopicOffsets(topic)
        return partitions.map(({ partition, high }) => ({ topic, partition, offset: high }))
      }),
    )
    return all.flat()
  } finally {
    await admin.disconnect()
  }
}
