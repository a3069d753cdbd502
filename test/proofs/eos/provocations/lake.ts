import { openProducer } from '@tenseams/kafka/ownership'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { readTopics } from '../../../support/kafka.ts'
import { openKafka } from '../../../support/login.ts'
import { type Scene, topics } from './scene.ts'

const ABORTED_COPIES = 20

/** Sends copies of shipments in a transaction that is aborted. They have the originals' ids, so every inbox drops them. */
export async function abortCopies({ stack }: Scene): Promise<void> {
  const { kafkaBrokers } = stack.endpoints
  const reading = await readTopics(kafkaBrokers, [topics.shipments])
  const areThere = () => reading.records.length >= ABORTED_COPIES
  await eventually(async () => areThere(), { timeoutMs: 30_000, what: 'shipments to copy' })
  await reading.close()
  const kafka = openKafka({ brokers: kafkaBrokers, clientId: 'stranger' })
  const producer = await openProducer({ kafka, transactionTimeoutMs: 30_000 }, 'stranger')
  const transaction = await producer.transaction()
  const messages = reading.records
    .slice(0, ABORTED_COPIES)
    .map(({ key, value, headers }) => ({ key, value, headers }))
  await transaction.send({ topic: topics.shipments, acks: -1, messages })
  await transaction.abort()
  await producer.disconnect()
}
