import { describe, expect, test } from 'vitest'
import { dueOf, type Sent } from './due.ts'

const minute = 60_000
const noon = Date.UTC(2026, 0, 1, 12)

const sent = (id: string, offset: bigint, at: number, loggedMs = noon + at): Sent => ({
  ...{ partition: 0, offset, loggedMs },
  event: {
    ...{ eventId: id, streamId: id, version: 1n, type: 'PaymentCaptured', traceparent: null },
    occurredAt: noon + at,
    captured: { paymentId: id, method: 'card', amountMinor: 100n, currency: 'EUR' },
    ...{ authorised: null, declined: null, voided: null, refunded: null, returned: null },
  },
})

describe('an event that is dated ahead of the log', () => {
  test.each([
    ['two minutes', 2 * minute],
    ['an hour', 60 * minute],
    ['a year', 525_600 * minute],
  ])('by %s is late itself, and makes no other event late', (_, ahead) => {
    const due = dueOf([sent('ahead', 0n, ahead, noon), sent('a', 1n, 1), sent('b', 2n, 2)])
    expect(due.counts).toEqual({ captured: 3, onTime: 2, late: 1 })
    expect([...due.late.keys()]).toEqual(['0-0'])
  })

  test('by less than a minute counts in its own window, and advances its partition only to the time of the log', () => {
    const due = dueOf([sent('skewed', 0n, 30_000, noon), sent('a', 1n, 1)])
    expect(due.counts).toEqual({ captured: 2, onTime: 2, late: 0 })
  })
})

test('an event that is behind the newest by more than the delay is late', () => {
  const due = dueOf([sent('a', 0n, 10_000), sent('b', 1n, 5_000), sent('c', 2n, 5_001)])
  expect([...due.late.keys()]).toEqual(['0-1'])
})
