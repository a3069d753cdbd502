import type { Codec } from '@tenseams/contracts/codec'
import type { RevenuePerMinuteLate } from '@tenseams/contracts/generated/analytics.revenue-per-minute.late.v1'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { type LakePorts, queryLake } from '@tenseams/lakehouse/query'
import { withViews } from '@tenseams/lakehouse-service/views'
import type { ReadRecord } from '../../kafka.ts'
import type { Sent } from './due.ts'
import { paymentsTopic } from './tills.ts'

export const windowsTopic = 'analytics.revenue-per-minute.v1'
export const lateTopic = 'analytics.revenue-per-minute.late.v1'

type Found = readonly (readonly [name: string, content: string])[]

export async function sentIn(
  codec: Codec,
  records: readonly ReadRecord[],
): Promise<readonly Sent[]> {
  const payments = records.filter(({ topic }) => topic === paymentsTopic)
  return Promise.all(
    payments.map(async ({ partition, offset, value }) => {
      const { value: event } = await codec.decode<PaymentEvent>(paymentsTopic, value)
      return { partition, offset: BigInt(offset), event }
    }),
  )
}

export async function windowsIn(codec: Codec, records: readonly ReadRecord[]): Promise<Found> {
  const rows = records.filter(({ topic }) => topic === windowsTopic)
  return Promise.all(
    rows.map(async ({ value }) => {
      const { value: row } = await codec.decode<RevenuePerMinute>(windowsTopic, value)
      return [
        `${row.windowStart} ${row.currency}`,
        `${row.deltaPayments} payments, ${row.deltaMinor} minor`,
      ] as const
    }),
  )
}

export async function lateIn(codec: Codec, records: readonly ReadRecord[]): Promise<Found> {
  const rows = records.filter(({ topic }) => topic === lateTopic)
  return Promise.all(
    rows.map(async ({ value }) => {
      const { value: row } = await codec.decode<RevenuePerMinuteLate>(lateTopic, value)
      return [
        `${row.kafkaPartition}-${row.kafkaOffset}`,
        `${row.eventId} of ${row.windowStart}`,
      ] as const
    }),
  )
}

const figures = `SELECT epoch_ms(window_start) || ' ' || currency AS name, payments || ' payments, ' || minor || ' minor' AS content`

export const goldSql = {
  windows: `${figures} FROM (SELECT *, delta_payments AS payments, delta_minor AS minor FROM gold.revenue_per_minute)`,
  late: `SELECT kafka_partition || '-' || kafka_offset AS name, event_id || ' of ' || epoch_ms(window_start) AS content
    FROM gold.revenue_per_minute_late`,
  figures: `${figures} FROM (SELECT *, amount_minor AS minor FROM gold.revenue)`,
} as const

export async function inGold(ports: LakePorts, sql: string): Promise<Found> {
  const rows = await queryLake(ports, withViews(sql))
  return rows.map(({ name, content }) => [String(name), String(content)])
}
