import type { Codec } from '@tenseams/codec/codec'
import { UndecodableError } from '@tenseams/codec/errors'
import type { RevenuePerMinuteLate } from '@tenseams/contracts/generated/analytics.revenue-per-minute.late.v1'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { type LakePorts, queryLake } from '@tenseams/iceberg/read/query'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { withViews } from '@tenseams/lakehouse-service/cli/views'
import type { ReadRecord } from '../../support/kafka.ts'
import type { Sent } from './due.ts'
import { paymentsTopic } from './tills.ts'

export const windowsTopic = 'analytics.revenue-per-minute.v1'
export const lateTopic = 'analytics.revenue-per-minute.late.v1'
export const deadLetterTopic = deadLetterTopicOf(paymentsTopic)

type Found = readonly (readonly [name: string, content: string])[]

/** The topic as it was read: the decoded records, and the offsets of undecodable ones. */
export type Input = { readonly sent: readonly Sent[]; readonly undecodable: readonly string[] }

export async function inputIn(codec: Codec, records: readonly ReadRecord[]): Promise<Input> {
  const sent: Sent[] = []
  const undecodable: string[] = []
  for (const { topic, partition, offset, timestampMs: loggedMs, value } of records) {
    if (topic !== paymentsTopic) continue
    const decoded = await decodable(codec, value)
    if (decoded === undefined) undecodable.push(`${partition}-${offset}`)
    else sent.push({ partition, offset: BigInt(offset), loggedMs, event: decoded.value })
  }
  return { sent, undecodable }
}

async function decodable(codec: Codec, value: Buffer | null) {
  try {
    return await codec.decode<PaymentEvent>(paymentsTopic, value)
  } catch (error) {
    // An unavailable registry does not make the record undecodable.
    if (error instanceof UndecodableError) return undefined
    throw error
  }
}

/** By partition and offset of the undecodable record. */
export const deadLettersIn = (records: readonly ReadRecord[]): Found =>
  records
    .filter(({ topic }) => topic === deadLetterTopic)
    .map(({ headers }) => [
      `${headers['dead-letter-partition']}-${headers['dead-letter-offset']}`,
      'dead letter',
    ])

/** The job's output: its windows, and the late output. */
export type Told = {
  readonly windows: readonly RevenuePerMinute[]
  readonly late: readonly RevenuePerMinuteLate[]
}

export async function toldIn(codec: Codec, records: readonly ReadRecord[]): Promise<Told> {
  const rowsOf = <Row>(from: string) =>
    Promise.all(
      records
        .filter(({ topic }) => topic === from)
        .map(async ({ value }) => (await codec.decode<Row>(from, value)).value),
    )
  return {
    windows: await rowsOf<RevenuePerMinute>(windowsTopic),
    late: await rowsOf<RevenuePerMinuteLate>(lateTopic),
  }
}

export const windowsIn = ({ windows }: Told): Found =>
  windows.map((row) => [
    `${row.windowStart} ${row.currency}`,
    `${row.deltaPayments} payments, ${row.deltaMinor} minor`,
  ])

export const lateIn = ({ late }: Told): Found =>
  late.map((row) => [
    `${row.kafkaPartition}-${row.kafkaOffset}`,
    `${row.eventId} of ${row.windowStart}`,
  ])

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
