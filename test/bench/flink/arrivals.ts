import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import type { PaymentFailureRate } from '@tenseams/contracts/generated/analytics.payment-failure-rate.v1'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { ShopperSession } from '@tenseams/contracts/generated/analytics.shopper-sessions.v1'
import type { Consumer } from 'kafkajs'
import { openKafka } from '../../support/login.ts'
import type { Due, Load } from './load.ts'

type Window = keyof Load['due']

const outputs = {
  tumbling: 'analytics.revenue-per-minute.v1',
  hopping: 'analytics.payment-failure-rate.v1',
  session: 'analytics.shopper-sessions.v1',
} as const satisfies Record<Window, string>

/** Counts what the jobs write as soon as it is written: their transactions end with a checkpoint only. */
export class Arrivals {
  readonly #consumer: Consumer
  readonly #seen: Record<Window, Due> = {
    tumbling: { rows: 0, counted: 0 },
    hopping: { rows: 0, counted: 0 },
    session: { rows: 0, counted: 0 },
  }
  /** The end of the newest tumbling window, in milliseconds since 1970. */
  newestEndMs = 0

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  static async open(brokers: string, codec: Codec): Promise<Arrivals> {
    const consumer = openKafka({ brokers, clientId: 'bench' }).consumer({
      groupId: `bench-${randomUUID()}`,
      readUncommitted: true,
      maxWaitTimeInMs: 20,
      allowAutoTopicCreation: false,
    })
    const arrivals = new Arrivals(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: Object.values(outputs), fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, message: { value } }) => arrivals.#take(codec, topic, value),
    })
    return arrivals
  }

  /** All that has come of the jobs of one window. */
  seen(window: Window): Due {
    return this.#seen[window]
  }

  close(): Promise<void> {
    return this.#consumer.disconnect()
  }

  async #take(codec: Codec, topic: string, value: Buffer | null): Promise<void> {
    if (topic === outputs.tumbling) {
      const { value: row } = await codec.decode<RevenuePerMinute>(topic, value)
      this.newestEndMs = Math.max(this.newestEndMs, row.windowEnd)
      this.#add('tumbling', row.deltaPayments)
    } else if (topic === outputs.hopping) {
      this.#add('hopping', (await codec.decode<PaymentFailureRate>(topic, value)).value.attempts)
    } else {
      this.#add('session', (await codec.decode<ShopperSession>(topic, value)).value.orders)
    }
  }

  #add(window: Window, counted: bigint): void {
    const seen = this.#seen[window]
    this.#seen[window] = { rows: seen.rows + 1, counted: seen.counted + Number(counted) }
  }
}
