import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { followCommitted } from './committed-records.ts'
import { eventTopics } from './figures.ts'
import { cancelOrder, placeOrder } from './shop.ts'

/** One order that is followed, and the types of the events that end its lifecycle. */
type Lifecycle = {
  readonly name: string
  /** Chooses what `placeOrder` orders; 9 is declined. */
  readonly index: number
  readonly isCancelled: boolean
  readonly ends: readonly string[]
}

const lifecycles: readonly Lifecycle[] = [
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

/** The fields that every envelope has. */
type Envelope = { readonly streamId: string; readonly type: string }

type Seen = Envelope & { readonly topic: string; readonly timestampMs: number }

/**
 * Places an order that is paid, one that is declined and one that is cancelled at once, and prints each of their events with
 * its topic, sorted by the time at which it was written. A consumer of several topics gets them in another order.
 */
export async function showLifecycles(
  endpoints: Endpoints,
  customers: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  say(
    'the lifecycles of three orders, each event with the time at which it was written to its topic:',
  )
  const seen: Seen[] = []
  const stop = await followCommitted<Envelope>(
    endpoints,
    eventTopics,
    ({ topic, row, timestampMs }) => {
      seen.push({ topic, streamId: row.streamId, type: row.type, timestampMs })
    },
  )
  try {
    const begunAt = Date.now()
    const names = new Map<string, string>()
    for (const { name, index, isCancelled } of lifecycles) {
      const { orderId } = await placeOrder(endpoints, customers, index)
      names.set(orderId, name)
      if (isCancelled) await cancelOrder(endpoints, orderId)
    }
    const ours = () => seen.filter(({ streamId }) => names.has(streamId))
    const areOver = () => {
      const types = new Set(ours().map(({ streamId, type }) => `${names.get(streamId)} ${type}`))
      return lifecycles.every(({ name, ends }) =>
        ends.every((type) => types.has(`${name} ${type}`)),
      )
    }
    await eventually(areOver, { timeoutMs: TIMEOUT_MS, what: 'the last events of three orders' })
    for (const one of ours().sort((a, b) => a.timestampMs - b.timestampMs)) {
      const seconds = ((one.timestampMs - begunAt) / 1_000).toFixed(2)
      const name = names.get(one.streamId) ?? ''
      say(`  ${seconds} s  ${name.padEnd(9)}  ${one.topic.padEnd(22)}  ${one.type}`)
    }
  } finally {
    await stop()
  }
}
