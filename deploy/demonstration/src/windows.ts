import type { OrderToCashPaid } from '@tenseams/contracts/generated/analytics.order-to-cash.paid.v1'
import type { OrderToCashUnpaid } from '@tenseams/contracts/generated/analytics.order-to-cash.unpaid.v1'
import type { PaymentFailureRate } from '@tenseams/contracts/generated/analytics.payment-failure-rate.v1'
import type { RevenuePerMinute } from '@tenseams/contracts/generated/analytics.revenue-per-minute.v1'
import type { ShopperSession } from '@tenseams/contracts/generated/analytics.shopper-sessions.v1'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { hear } from './hearing.ts'

/** What Flink's jobs have told since somebody looked last. */
export type ToldRows = {
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
} as const satisfies Record<keyof ToldRows, string>

const EACH_MS = 1_000
const MOST_ROWS = 10_000

/**
 * Says what the jobs tell as soon as it is committed, a few lines a second at most, until what it returns is called.
 * Between two looks it keeps a bounded number of rows; what comes beyond it is not shown.
 */
export async function showWindows(
  endpoints: Endpoints,
  say: (line: string) => void,
): Promise<() => Promise<void>> {
  let rows: { readonly topic: string; readonly row: unknown }[] = []
  const stop = await hear(endpoints, Object.values(topicOf), (heard) => {
    if (rows.length < MOST_ROWS) rows.push(heard)
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

/** Of each topic its own rows: the codec has read them by its contract. */
function byTopic(rows: readonly { readonly topic: string; readonly row: unknown }[]): ToldRows {
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

/** For people: a line for each window of money and of rates, and one for the sessions and orders that have ended. */
export function windowLines({ revenue, rates, sessions, paid, unpaid }: ToldRows): string[] {
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
  const text = `${count} paid${mean}, ${unpaid.length} not paid within their term`
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
