import { randomUUID } from 'node:crypto'
import { Codec } from '@tenseams/contracts/codec'
import { openKafka } from '@tenseams/kafka/client'
import type { Endpoints } from '../ports.ts'
import { eventually } from '../wait.ts'
import { eventTopics } from './figures.ts'
import { cancelOrder, placeOrder } from './shop.ts'

/** One order that is followed, and the types of the events with which its life is over. */
type Life = {
  readonly name: string
  /** Chooses what `placeOrder` orders; 9 is declined. */
  readonly index: number
  readonly isCancelled: boolean
  readonly ends: readonly string[]
}

const lives: readonly Life[] = [
  { name: 'paid', index: 0, isCancelled: false, ends: ['OrderCompleted', 'PaymentCaptured'] },
  { name: 'declined', index: 9, isCancelled: false, ends: ['OrderRejected'] },
  { name: 'cancelled', index: 1, isCancelled: true, ends: ['OrderCancelled'] },
]

const TIMEOUT_MS = 30_000

/** What every contract's envelope has. */
type Envelope = { readonly streamId: string; readonly type: string }

type Heard = { readonly topic: string; readonly event: Envelope; readonly at: number }

/**
 * Places an order that is paid, one that is declined and one that is cancelled at once, and says each of their events
 * with its topic, in the order in which Kafka hands them out.
 */
export async function showLives(
  endpoints: Endpoints,
  customers: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  say('the lives of three orders, each event as Kafka hands it out:')
  const heard: Heard[] = []
  const stop = await hearEvents(endpoints, heard)
  try {
    const begunAt = performance.now()
    const names = new Map<string, string>()
    for (const { name, index, isCancelled } of lives) {
      const { orderId } = await placeOrder(endpoints, customers, index)
      names.set(orderId, name)
      if (isCancelled) await cancelOrder(endpoints, orderId)
    }
    const told = new Set<string>()
    const tell = ({ topic, event, at }: Heard) => {
      const name = names.get(event.streamId)
      if (name === undefined) return
      told.add(`${name} ${event.type}`)
      const seconds = ((at - begunAt) / 1_000).toFixed(2)
      say(`  ${seconds} s  ${name.padEnd(9)}  ${topic.padEnd(22)}  ${event.type}`)
    }
    const areOver = () => {
      for (const one of heard.splice(0)) tell(one)
      return lives.every(({ name, ends }) => ends.every((type) => told.has(`${name} ${type}`)))
    }
    const waiting = { timeoutMs: TIMEOUT_MS, what: 'the ends of three lives', intervalMs: 20 }
    await eventually(areOver, waiting)
  } finally {
    await stop()
  }
}

/** Gathers what comes into the topics from now on. A record that cannot be decoded is not ours. */
async function hearEvents(
  { kafkaBrokers, registryUrl }: Endpoints,
  heard: Heard[],
): Promise<() => Promise<void>> {
  const kafka = openKafka({ brokers: kafkaBrokers, clientId: 'demonstration' })
  const codec = new Codec({ registryUrl, timeoutMs: 5_000 })
  const ends = await endsOf(kafka)
  const consumer = kafka.consumer({
    groupId: `demonstration-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 20,
    allowAutoTopicCreation: false,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...eventTopics], fromBeginning: false })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, message }) => {
      const at = performance.now()
      const decoded = await codec.decode<Envelope>(topic, message.value).catch(() => undefined)
      if (decoded !== undefined) heard.push({ topic, event: decoded.value, at })
    },
  })
  for (const end of ends) consumer.seek(end)
  return () => consumer.disconnect()
}

async function endsOf(kafka: ReturnType<typeof openKafka>) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const all = await Promise.all(
      eventTopics.map(async (topic) => {
        const partitions = await admin.fetchTopicOffsets(topic)
        return partitions.map(({ partition, high }) => ({ topic, partition, offset: high }))
      }),
    )
    return all.flat()
  } finally {
    await admin.disconnect()
  }
}
