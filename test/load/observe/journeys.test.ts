import { expect, test } from 'vitest'
import { Journeys } from './journeys.ts'

const event = (sequence: number, type: string, atMs: number) => ({
  trace: { run: 1, sequence, dueMs: 1_000 + sequence },
  ...{ type, partition: 0, offset: BigInt(sequence), atMs },
})

test('an order is unsettled until it is completed, rejected or cancelled', () => {
  const journeys = new Journeys(0)
  for (const sequence of [0, 1, 2, 3]) journeys.see(event(sequence, 'OrderPlaced', 1_100))
  journeys.see(event(0, 'OrderConfirmed', 1_200))
  expect(journeys.unsettled).toBe(4)
  journeys.see(event(0, 'OrderCompleted', 1_300))
  journeys.see(event(1, 'OrderRejected', 1_300))
  journeys.see(event(2, 'OrderCancelled', 1_300))
  expect(journeys.unsettled).toBe(1)
  expect(journeys.settled).toBe(3)
  expect(journeys.ends).toEqual({ OrderCompleted: 1, OrderRejected: 1, OrderCancelled: 1 })
})

test('the time to completion counts from when the order was due, and not for one of the ramp', () => {
  const journeys = new Journeys(1_001)
  for (const sequence of [0, 1]) {
    journeys.see(event(sequence, 'OrderPlaced', 1_100))
    journeys.see(event(sequence, 'OrderCompleted', 1_501))
  }
  expect(journeys.completed.count).toBe(1)
  expect(journeys.completed.percentile(50)).toBeCloseTo(500, 0)
})

test('an event that is redelivered, or comes after the end, changes nothing', () => {
  const journeys = new Journeys(0)
  for (const type of ['OrderPlaced', 'OrderPlaced', 'OrderCompleted', 'OrderCompleted']) {
    journeys.see(event(0, type, 1_200))
  }
  journeys.see(event(0, 'OrderPlaced', 1_300))
  journeys.see(event(0, 'OrderRefunded', 1_300))
  expect(journeys.placed).toHaveLength(1)
  expect([journeys.settled, journeys.unsettled]).toEqual([1, 0])
})
