import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import type { ShopperSessionsLate } from '@tenseams/contracts/generated/analytics.shopper-sessions.late.v1'
import type { ShopperSession } from '@tenseams/contracts/generated/analytics.shopper-sessions.v1'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { type LakePorts, queryLake } from '@tenseams/iceberg/read/query'
import type { ReadRecord } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import type { Cells } from './recompute.ts'
import { ordersTopic, paymentsTopic } from './shoppers.ts'

export const sessionsTopic = 'analytics.shopper-sessions.v1'
export const lateTopic = 'analytics.shopper-sessions.late.v1'

/** Counts all rows that the job writes, committed or not. */
export type Written = { count(): number; close(): Promise<void> }

export async function countWritten(brokers: string): Promise<Written> {
  const consumer = openKafka({ brokers, clientId: 'uncommitted' }).consumer({
    groupId: `uncommitted-${randomUUID()}`,
    readUncommitted: true,
    maxWaitTimeInMs: 50,
    allowAutoTopicCreation: false,
  })
  let count = 0
  await consumer.connect()
  await consumer.subscribe({ topics: [sessionsTopic, lateTopic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      count += batch.messages.length
    },
  })
  return { count: () => count, close: () => consumer.disconnect() }
}

/** Orders and payments in the topics, ticks included, as input of the batch. */
export async function sentIn(
  codec: Codec,
  records: readonly ReadRecord[],
): Promise<readonly Cells[]> {
  const sent: Cells[] = []
  for (const { topic, partition, offset, timestampMs: logged, value } of records) {
    const place = { part: partition, off: offset, logged }
    if (topic === ordersTopic) {
      const { value: order } = await codec.decode<OrderEvent>(topic, value)
      const { currency = null, totalMinor = null, customerId = null } = order.placed ?? {}
      const content = { customer_id: customerId, currency, amount_minor: totalMinor }
      sent.push({ input: 'order', ...place, ...envelope(order), ...content })
    }
    if (topic === paymentsTopic) {
      const { value: payment } = await codec.decode<PaymentEvent>(topic, value)
      const { currency = null, amountMinor = null } = payment.captured ?? {}
      const content = { customer_id: null, currency, amount_minor: amountMinor }
      sent.push({ input: 'payment', ...place, ...envelope(payment), ...content })
    }
  }
  return sent
}

const envelope = (row: { eventId: string; streamId: string; occurredAt: number }) => ({
  ...{ event_id: row.eventId, stream_id: row.streamId, et: row.occurredAt },
})

export async function foundInTopics(codec: Codec, records: readonly ReadRecord[]) {
  const sessions: Cells[] = []
  const late: Cells[] = []
  for (const { topic, value } of records) {
    if (topic === sessionsTopic) {
      const { value: row } = await codec.decode<ShopperSession>(topic, value)
      sessions.push({
        ...{ window_start: row.windowStart, window_end: row.windowEnd, currency: row.currency },
        ...{ customer_id: row.customerId, orders: row.orders, amount_minor: row.amountMinor },
        ...{ paid_orders: row.paidOrders, time_to_pay_ms: row.timeToPayMs },
      })
    }
    if (topic === lateTopic) {
      const { value: row } = await codec.decode<ShopperSessionsLate>(topic, value)
      late.push({
        ...{ input: row.input, ...envelope(row), watermark: row.watermark },
        ...{ currency: row.currency, amount_minor: row.amountMinor },
      })
    }
  }
  return { sessions, late }
}

export async function foundInGold(ports: LakePorts) {
  const sessions = await queryLake(
    ports,
    `SELECT epoch_ms(window_start) AS window_start, epoch_ms(window_end) AS window_end, customer_id,
      currency, orders, amount_minor, paid_orders, time_to_pay_ms FROM gold.shopper_sessions`,
  )
  const late = await queryLake(
    ports,
    `SELECT input, event_id, stream_id, epoch_ms(occurred_at) AS et,
      epoch_ms(watermark) AS watermark, currency, amount_minor FROM gold.shopper_sessions_late`,
  )
  // Texts and integers, as the columns are declared.
  return { sessions: sessions as readonly Cells[], late: late as readonly Cells[] }
}
