/** One in each step: of `bad` the given share, of `good` the rest, of `all` every event. */
export type EventSeries = {
  readonly kind: 'events'
  readonly labels: Readonly<Record<string, string>>
  readonly all: readonly string[]
  readonly good: readonly string[]
  readonly bad: readonly string[]
  /** Of others, in which everything is bad. */
  readonly others: readonly string[]
}

/** `age` when the series is a time and the objective is about how long ago that was. */
export type LevelSeries = {
  readonly kind: 'level'
  readonly labels: Readonly<Record<string, string>>
  readonly of: 'value' | 'age'
  readonly series: string
  /** A series beside it that is never bad, so that the larger one decides. */
  readonly beside?: string
  /** Without the series it is as bad as can be. */
  readonly isBadWhenAbsent?: boolean
  /** Of others, always bad. */
  readonly others: readonly string[]
}

const requests = (suffix: string, labels: Readonly<Record<string, string>>) => {
  const all = { service: 'orders', method: 'POST', route: '/orders', ...labels }
  const matchers = Object.entries(all).map(([label, value]) => `${label}="${value}"`)
  return `tenseams_http_request_duration_seconds_${suffix}{${matchers.join(',')}}`
}

const otherRequests = [{ service: 'payments' }, { method: 'GET' }, { route: '/customers' }]

/** The series of each objective, for its tests: what counts, and what must not. */
export const sloSeries: Readonly<Record<string, EventSeries | LevelSeries>> = {
  'order-accepted': {
    kind: 'events',
    labels: {},
    all: [],
    good: [requests('count', { status: '201' })],
    bad: [requests('count', { status: '503' })],
    others: otherRequests.map((labels) => requests('count', { status: '500', ...labels })),
  },
  'order-accepted-in-time': {
    kind: 'events',
    labels: {},
    all: [requests('count', { status: '201' }), requests('bucket', { status: '201', le: '+Inf' })],
    good: [requests('bucket', { status: '201', le: '0.25' })],
    bad: [],
    others: otherRequests.map((labels) => requests('count', { status: '201', ...labels })),
  },
  'order-completed-in-time': {
    kind: 'events',
    labels: {},
    all: [
      'tenseams_order_completion_seconds_count',
      'tenseams_order_completion_seconds_bucket{le="+Inf"}',
    ],
    good: ['tenseams_order_completion_seconds_bucket{le="5"}'],
    bad: [],
    others: [],
  },
  'few-dead-letters': {
    kind: 'events',
    labels: { group: 'payments' },
    all: [],
    good: [
      'tenseams_consumed_records_total{group="payments",topic="a"}',
      'tenseams_consumed_records_total{group="orders",topic="a"}',
    ],
    bad: ['tenseams_dead_lettered_records_total{group="payments",topic="a",reason="undecodable"}'],
    others: [],
  },
  'consumer-lag': {
    kind: 'level',
    labels: { group: 'payments' },
    of: 'value',
    series: 'tenseams_consumer_lag_seconds{group="payments",partition="0"}',
    beside: 'tenseams_consumer_lag_seconds{group="payments",partition="1"}',
    others: ['tenseams_consumer_lag_seconds{group="dlq-replay",partition="0"}'],
  },
  'flink-lag': {
    kind: 'level',
    labels: { group: 'flink-revenue' },
    of: 'value',
    series: 'tenseams_consumer_lag_seconds{group="flink-revenue",partition="0"}',
    beside: 'tenseams_consumer_lag_seconds{group="flink-revenue",partition="1"}',
    others: ['tenseams_consumer_lag_seconds{group="dlq-replay",partition="0"}'],
  },
  'bronze-fresh': {
    kind: 'level',
    labels: { table: 'bronze.orders_order_v1' },
    of: 'age',
    series: 'tenseams_lake_last_commit_timestamp_seconds{table="bronze.orders_order_v1"}',
    others: ['tenseams_lake_last_commit_timestamp_seconds{table="bronze.fulfilment_shipment_v1"}'],
  },
  'gold-fresh': {
    kind: 'level',
    labels: { table: 'gold.daily_revenue' },
    of: 'age',
    series: 'tenseams_lakehouse_refreshed_timestamp_seconds{table="gold.daily_revenue"}',
    others: ['tenseams_lakehouse_refreshed_timestamp_seconds{table="silver.orders"}'],
  },
  audited: {
    kind: 'level',
    labels: {},
    of: 'age',
    series: 'tenseams_last_audit_timestamp_seconds',
    isBadWhenAbsent: true,
    others: [],
  },
}
