import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { eventTopics } from './figures.ts'
import { hear } from './hearing.ts'
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
  {
    name: 'paid',
    index: 0,
    isCancelled: false,
    ends: ['ShipmentDispatched', 'OrderCompleted', 'PaymentCaptured'],
  },
  { name: 'declined', index: 9, isCancelled: false, ends: ['PaymentDeclined', 'OrderRejected'] },
  { name: 'cancelled', index: 1, isCancelled: true, ends: ['OrderCancelled', 'PaymentVoided'] },
]

const TIMEOUT_MS = 30_000

/** What every contract's envelope has. */
type Envelope = { readonly streamId: string; readonly type: string }

type Heard = Envelope & { readonly topic: string; readonly timestampMs: number }

/**
 * Places an order that is paid, one that is declined and one that is cancelled at once, and says each of their events
 * with its topic, when it was written there. A reader of several topics hears them in another sequence than that.
 */
export async function showLives(
  endpoints: Endpoints,
  customers: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  say('the lives of three orders, each event when it was written into its topic:')
  const heard: Heard[] = []
  const stop = await hear<Envelope>(endpoints, eventTopics, ({ topic, row, timestampMs }) => {
    heard.push({ topic, streamId: row.streamId, type: row.type, timestampMs })
  })
  try {
    const begunAt = Date.now()
    const names = new Map<string, string>()
    for (const { name, index, isCancelled } of lives) {
      const { orderId } = await placeOrder(endpoints, customers, index)
      names.set(orderId, name)
      if (isCancelled) await cancelOrder(endpoints, orderId)
    }
    const ours = () => heard.filter(({ streamId }) => names.has(streamId))
    const areOver = () => {
      const told = new Set(ours().map(({ streamId, type }) => `${names.get(streamId)} ${type}`))
      return lives.every(({ name, ends }) => ends.every((type) => told.has(`${name} ${type}`)))
    }
    await eventually(areOver, { timeoutMs: TIMEOUT_MS, what: 'the ends of three lives' })
    for (const one of ours().sort((a, b) => a.timestampMs - b.timestampMs)) {
      const seconds = ((one.timestampMs - begunAt) / 1_000).toFixed(2)
      const name = names.get(one.streamId) ?? ''
      say(`  ${seconds} s  ${name.padEnd(9)}  ${one.topic.padEnd(22)}  ${one.type}`)
    }
  } finally {
    await stop()
  }
}
