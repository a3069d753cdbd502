import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { openCounter, openGauge, openHistogram } from './instruments.ts'

const group = { topic: 'orders.order.v1', group: 'payments' } as const

describe('a counter', () => {
  test('shows the series that are known at 0, before anything is counted', async () => {
    const registry = new Registry()
    openCounter(registry, 'tenseams_transactions_total', [
      { ...group, outcome: 'committed' },
      { ...group, outcome: 'fenced' },
    ])
    const text = await registry.metrics()
    const series = 'tenseams_transactions_total{topic="orders.order.v1",group="payments"'
    expect(text).toContain(`${series},outcome="committed"} 0`)
    expect(text).toContain(`${series},outcome="fenced"} 0`)
  })

  test('is one for all who open it by its name, and keeps what was counted', async () => {
    const registry = new Registry()
    const open = () => openCounter(registry, 'tenseams_consumed_records_total', [group])
    open().inc(group)
    open().inc(group)
    expect(await registry.metrics()).toContain('group="payments"} 2')
  })
})

test('a gauge and a histogram have the text and the buckets that are declared', async () => {
  const registry = new Registry()
  openGauge(registry, 'tenseams_last_audit_timestamp_seconds').set(7)
  const table = 'bronze.orders_order_v1'
  openHistogram(registry, 'tenseams_lakehouse_freshness_seconds').observe({ table }, 0.2)
  const text = await registry.metrics()
  expect(text).toContain('# HELP tenseams_last_audit_timestamp_seconds Time of the last audit.')
  expect(text).toContain('tenseams_last_audit_timestamp_seconds 7')
  expect(text).toContain(`tenseams_lakehouse_freshness_seconds_bucket{le="0.1",table="${table}"} 0`)
  expect(text).toContain(
    `tenseams_lakehouse_freshness_seconds_bucket{le="0.25",table="${table}"} 1`,
  )
})

test('what is not declared does not compile', () => {
  const registry = new Registry()
  const counter = openCounter(registry, 'tenseams_transactions_total')
  // @ts-expect-error No such metric.
  expect(() => openCounter(registry, 'tenseams_things_total')).toThrow()
  // @ts-expect-error A gauge is no counter.
  openCounter(registry, 'tenseams_last_audit_timestamp_seconds')
  // @ts-expect-error A label is missing.
  counter.inc({ topic: 'orders.order.v1', outcome: 'fenced' })
  // @ts-expect-error No such label.
  expect(() => counter.inc({ ...group, outcome: 'fenced', colour: 'red' })).toThrow()
  // @ts-expect-error The set of outcomes is closed.
  counter.inc({ ...group, outcome: 'forgotten' })
})
