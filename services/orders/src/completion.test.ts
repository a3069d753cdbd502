import { openMetrics } from '@tenseams/telemetry/metrics'
import { v4, v7 } from 'uuid'
import { expect, test } from 'vitest'
import { observeCompletions, placedAtMsOf } from './completion.ts'

const placedAt = Date.parse('2026-11-30T12:00:00Z')

test('the time at which an order was placed is in its id', () => {
  expect(placedAtMsOf(v7({ msecs: placedAt }))).toBe(placedAt)
  expect(placedAtMsOf(v4())).toBeUndefined()
})

test('an order that takes longer than the objective is in no bucket up to it', async () => {
  const metrics = openMetrics('orders')
  const observe = observeCompletions(metrics)
  observe(v7({ msecs: placedAt }), placedAt + 800)
  observe(v7({ msecs: placedAt }), placedAt + 6_000)
  observe(v4(), placedAt)
  const text = await metrics.metrics()
  expect(text).toContain('tenseams_order_completion_seconds_bucket{le="1",service="orders"} 1')
  expect(text).toContain('tenseams_order_completion_seconds_bucket{le="5",service="orders"} 1')
  expect(text).toContain('tenseams_order_completion_seconds_count{service="orders"} 2')
})
