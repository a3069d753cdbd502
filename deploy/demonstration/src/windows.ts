import type { OrderToCashPaid } from '@tenseams/contracts/generated/analytics.order-to-cash.paid.v1'
import type { OrderToCashUnpaid } from '@tenseams/contracts/generated/analytics.order-to-cash.unpaid.v1'
import type { PaymentFailureRate } from '@tenseams/contracts/generated/analytics.payment-failure-rate.v1'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { ShopperSession } from '@tenseams/contracts/generated/analytics.shopper-sessions.v1'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { followCommitted } from './committed-records.ts'

/** The rows that Flink's jobs have written since the last look. */
export type JobRows = {
  readonly revenue: readonly RevenuePerMinute[]
  readonly rates: readonly PaymentFailureRate[]
  readonly sessions: readonly ShopperSession[]
  readonly paid: readonly OrderToCashPaid[]
  readonly unpaid: readonly OrderToCashUnpaid[]
}

const topicOf = {
  revenue: 'analytics.revenue-per-minute.v1',
  rates: 'analytics.payment-failure-rate.v1',
  sessions: 'analytics.shopper-sessions.v1',
  paid: 'analytics.order-to-cash.paid.v1',
  unpaid: 'analytics.order-to-cash.unpaid.v1',
} as const satisfies Record<keyof JobRows, string>

const EACH_MS = 1_000
const MOST_ROWS = 10_000

/**
 * Prints the results of the jobs as soon as they are committed, a few lines a second, until the returned function is called.
 * Between two looks it keeps a bounded number of rows; further ones are not shown.
 */
export async function showWindows(
  endpoints: Endpoints,
  say: (line: string) => void,
): Promise<() => Promise<void>> {
  let rows: { readonly topic: string; readonly row: unknown }[] = []
  const stop = await followCommitted(endpoints, Object.values(topicOf), (record) => {
    if (rows.length < MOST_ROWS) rows.push(record)
  })
  const look = () => {
    for (const line of windowLines(byTopic(rows))) say(line)
    rows = []
  }
  const timer = setInterval(look, EACH_MS)
  return async () => {
    clearInterval(timer)
    await stop()
    look()
  }
}

/** The rows by topic. The codec has decoded each by the contract of its topic, which gives its type. */
function byTopic(rows: readonly { readonly topic: string; readonly row: unknown }[]): JobRows {
  const of = <Row>(topic: string) =>
    rows.filter((one) => one.topic === topic).map(({ row }) => row as Row)
  return {
    revenue: of(topicOf.revenue),
    rates: of(topicOf.rates),
    sessions: of(topicOf.sessions),
    paid: of(topicOf.paid),
    unpaid: of(topicOf.unpaid),
  }
}

/** Lines for people: one for each window of money and of rates, and one for the sessions and orders that ended. */
export function windowLines({ revenue, rates, sessions, paid, unpaid }: JobRows): string[] {
  return [
    ...linesByWindow('revenue-per-minute', revenue, (row) => {
      return `${row.currency} ${row.deltaPayments} payments ${row.deltaMinor} minor`
    }),
    ...linesByWindow('payment-failure-rate', rates, (row) => {
      return `${row.method} ${percent(row.declined, row.attempts)} of ${row.attempts}`
    }),
    ...sessionLines(sessions),
    ...orderLines(paid, unpaid),
  ]
}

type Window = { readonly windowStart: number; readonly windowEnd: number }

function linesByWindow<Row extends Window>(
  job: string,
  rows: readonly Row[],
  textOf: (row: Row) => string,
): readonly string[] {
  const windows = Map.groupBy(rows, (row) => row.windowStart)
  const inTime = [...windows].toSorted(([one], [other]) => one - other)
  return inTime.map(([start, members]) => {
    const end = Math.max(...members.map(({ windowEnd }) => windowEnd))
    return lineOf(job, spanOf(start, end), members.map(textOf).toSorted().join(', '))
  })
}

function sessionLines(sessions: readonly ShopperSession[]): readonly string[] {
  if (sessions.length === 0) return []
  const start = Math.min(...sessions.map(({ windowStart }) => windowStart))
  const end = Math.max(...sessions.map(({ windowEnd }) => windowEnd))
  const orders = sumOf(sessions, (one) => one.orders)
  const paid = sumOf(sessions, (one) => one.paidOrders)
  const time = sumOf(sessions, (one) => one.timeToPayMs)
  const text = `${sessions.length} sessions ended: ${orders} orders, ${paid} paid${meanOf(time, paid)}`
  return [lineOf('shopper-sessions', spanOf(start, end), text)]
}

function orderLines(
  paid: readonly OrderToCashPaid[],
  unpaid: readonly OrderToCashUnpaid[],
): readonly string[] {
  if (paid.length + unpaid.length === 0) return []
  const times = [...paid, ...unpaid].map(({ placedAt }) => placedAt)
  const count = BigInt(paid.length)
  const mean = meanOf(
    sumOf(paid, (one) => one.timeToPayMs),
    count,
  )
  const text = `${count} paid${mean}, ${unpaid.length} not paid in time`
  return [lineOf('order-to-cash', spanOf(Math.min(...times), Math.max(...times)), text)]
}

const lineOf = (job: string, span: string, text: string): string =>
  `  ${span}  ${job.padEnd(20)}  ${text}`

const spanOf = (start: number, end: number): string => `${clock(start)}–${clock(end)}`

const clock = (timeMs: number): string => new Date(timeMs).toISOString().slice(11, 19)

const percent = (part: bigint, whole: bigint): string =>
  `${((100 * Number(part)) / Math.max(1, Number(whole))).toFixed(1)} % declined`

const meanOf = (sumMs: bigint, count: bigint): string =>
  count === 0n ? '' : ` after ${(Number(sumMs) / Number(count) / 1_000).toFixed(1)} s on average`

const sumOf = <Row>(rows: readonly Row[], numberOf: (row: Row) => bigint): bigint =>
  rows.reduce((sum, row) => sum + numberOf(row), 0n)
