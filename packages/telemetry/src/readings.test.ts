import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { observePools, observeQueues, readAtScrape } from './readings.ts'

test('a pool shows what is used, what is idle, and who waits, against its size', async () => {
  const registry = new Registry()
  const shop = { totalCount: 5, idleCount: 2, waitingCount: 0, options: { max: 8 } }
  observePools(registry, { shop, vault: { ...shop, totalCount: 2 } })
  expect(await registry.metrics()).toContain(
    'tenseams_pool_connections{pool="shop",state="used"} 3',
  )
  shop.waitingCount = 4
  const text = await registry.metrics()
  expect(text).toContain('tenseams_pool_connections{pool="vault",state="used"} 0')
  expect(text).toContain('tenseams_pool_connections{pool="shop",state="idle"} 2')
  expect(text).toContain('tenseams_pool_capacity_connections{pool="shop"} 8')
  expect(text).toContain('tenseams_pool_waiting_requests{pool="shop"} 4')
})

test('queues of several owners are shown together, each against its bound', async () => {
  const registry = new Registry()
  observeQueues(registry, [{ name: 'appends', capacity: 10_000, waiting: () => 3 }])
  observeQueues(registry, [{ name: 'reads', capacity: 64, waiting: () => 0 }])
  const text = await registry.metrics()
  expect(text).toContain('tenseams_queue_items{queue="appends"} 3')
  expect(text).toContain('tenseams_queue_items{queue="reads"} 0')
  expect(text).toContain('tenseams_queue_capacity_items{queue="reads"} 64')
})

test('nothing is read between two scrapes, and a series that is gone is not shown any more', async () => {
  const registry = new Registry()
  const queues = ['appends', 'reads']
  let reads = 0
  readAtScrape(registry, 'tenseams_queue_items', () => {
    reads += 1
    return queues.map((queue) => [{ queue }, 1])
  })
  expect(reads).toBe(0)
  expect(await registry.metrics()).toContain('queue="reads"')
  queues.pop()
  expect(await registry.metrics()).not.toContain('queue="reads"')
  expect(reads).toBe(2)
})
