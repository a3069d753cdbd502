import { describe, expect, test } from 'vitest'
import { differencesFrom } from './compare.ts'
import type { Metric } from './declaration.ts'
import { readScrape } from './scrape.ts'

const common = { isOurs: true, help: '', for: '', alerts: [] }
const metrics: readonly Metric[] = [
  {
    ...common,
    ...{ name: 'tenseams_things_total', type: 'counter', from: ['orders', 'payments'] },
    labels: { kind: { says: '', values: ['large', 'small'] }, topic: { says: '', most: 2 } },
  },
  {
    ...common,
    ...{ name: 'tenseams_wait_seconds', type: 'histogram', from: ['orders'], buckets: [1] },
    labels: {},
  },
  { ...common, name: 'jobs', type: 'gauge', from: ['flink'], labels: {}, when: 'a job runs' },
]
const telemetry = { metrics, services: ['orders', 'payments'] }

const things = (labels: string) => `# TYPE tenseams_things_total counter
tenseams_things_total{${labels},service="orders"} 3
`
const wait = `# HELP tenseams_wait_seconds Waiting.
# TYPE tenseams_wait_seconds histogram
tenseams_wait_seconds_bucket{le="1",service="orders"} 1
tenseams_wait_seconds_bucket{le="+Inf",service="orders"} 1
tenseams_wait_seconds_sum{service="orders"} 0.5
tenseams_wait_seconds_count{service="orders"} 1
`
const good = things('kind="large",topic="a"') + wait
const differences = (text: string, part = 'orders') =>
  differencesFrom(telemetry, part, readScrape(text))

describe('a scrape', () => {
  test('agrees with its declaration', () => {
    expect(differences(good)).toEqual([])
    expect(differences('', 'flink')).toEqual([])
  })

  test.each([
    [
      'a metric that is not declared',
      `${good}tenseams_more 1\n`,
      'orders shows tenseams_more, which is not declared for it',
    ],
    [
      'a metric that is missing',
      wait,
      'orders does not show tenseams_things_total, which is declared for it',
    ],
    [
      'another type',
      good.replace('total counter', 'total gauge'),
      'is a gauge, and declared as a counter',
    ],
    [
      'a label that is not declared',
      good.replace('kind=', 'order="7",kind='),
      'has the label order, which is not declared',
    ],
    [
      'a series without a label',
      good.replace('topic="a",', ''),
      'has a series without the label topic',
    ],
    [
      'a value outside of a closed set',
      good.replace('large', 'huge'),
      'has kind="huge", which is none of its values',
    ],
    [
      'another service',
      good.replaceAll('service="orders"', 'service="order"'),
      'has service="order", which is none of its values',
    ],
    [
      'more values than the bound',
      good + things('kind="large",topic="b"') + things('kind="large",topic="c"'),
      'has 3 values of topic, more than 2',
    ],
  ])('differs by %s', (_what, text, difference) => {
    expect(differences(text)).toContainEqual(expect.stringContaining(difference))
  })

  test('differs when a part shows what is declared for another one', () => {
    expect(differences(good.replaceAll('"orders"', '"payments"'), 'payments')).toEqual([
      'payments shows tenseams_wait_seconds, which is not declared for it',
    ])
  })
})

test('a scrape is read with escaped labels, times and exemplars', () => {
  const { samples } = readScrape(
    'a{text="one, \\"two\\" \\\\ {3}\\n"} +Inf 1700000000000\nb_bucket{le="1"} 2 # {trace_id="x"} 0.5\n',
  )
  expect(samples).toEqual([
    { metric: 'a', labels: { text: 'one, "two" \\ {3}\n' }, value: Number.POSITIVE_INFINITY },
    { metric: 'b_bucket', labels: { le: '1' }, value: 2 },
  ])
  expect(() => readScrape('<html>')).toThrow("no line of Prometheus' text format: <html>")
})
