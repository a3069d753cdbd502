import { expect, test } from 'vitest'
import { type JobRows, windowLines } from './windows.ts'

const noon = Date.UTC(2026, 0, 1, 12)
const second = 1_000
const nothing: JobRows = { revenue: [], rates: [], sessions: [], paid: [], unpaid: [] }

test('prints nothing without rows', () => {
  expect(windowLines(nothing)).toEqual([])
})

test('puts the currencies of a window on one line, and windows in the order of time', () => {
  const row = (start: number, currency: string) => ({
    ...{ windowStart: noon + start * second, windowEnd: noon + (start + 10) * second, currency },
    ...{ kind: 'window', deltaPayments: 2n, deltaMinor: 30n },
  })
  expect(
    windowLines({ ...nothing, revenue: [row(10, 'EUR'), row(0, 'USD'), row(0, 'EUR')] }),
  ).toEqual([
    '  12:00:00–12:00:10  revenue-per-minute    EUR 2 payments 30 minor, USD 2 payments 30 minor',
    '  12:00:10–12:00:20  revenue-per-minute    EUR 2 payments 30 minor',
  ])
})

test('prints a rate in percent', () => {
  const rate = { windowStart: noon, windowEnd: noon + 30 * second, method: 'card' }
  expect(windowLines({ ...nothing, rates: [{ ...rate, attempts: 8n, declined: 1n }] })).toEqual([
    '  12:00:00–12:00:30  payment-failure-rate  card 12.5 % declined of 8',
  ])
})

test('sums up sessions and orders', () => {
  const session = {
    ...{ windowStart: noon, windowEnd: noon + 20 * second, customerId: 'c', currency: 'EUR' },
    ...{ orders: 3n, amountMinor: 9n, paidOrders: 2n, timeToPayMs: 3_000n },
  }
  const paid = {
    ...{ streamId: 'o', customerId: 'c', placedAt: noon, paidAt: noon + second },
    ...{ timeToPayMs: 1_000n, currency: 'EUR', amountMinor: 3n },
  }
  const unpaid = {
    ...{ streamId: 'p', customerId: 'c', placedAt: noon + second, dueAt: noon + 21 * second },
    ...{ currency: 'EUR', amountMinor: 3n },
  }
  expect(
    windowLines({ ...nothing, sessions: [session, session], paid: [paid], unpaid: [unpaid] }),
  ).toEqual([
    '  12:00:00–12:00:20  shopper-sessions      2 sessions ended: 6 orders, 4 paid after 1.5 s on average',
    '  12:00:00–12:00:01  order-to-cash         1 paid after 1.0 s on average, 1 not paid in time',
  ])
})
