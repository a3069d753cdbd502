import { expect, test } from 'vitest'
import type { Sent } from './due.ts'
import type { Told } from './found.ts'
import { neitherIn, neitherLines } from './neither.ts'

const minute = 60_000

const sent = (id: string, offset: bigint): Sent => ({
  ...{ partition: 0, offset, loggedMs: 7 * minute },
  event: {
    ...{ eventId: id, streamId: id, version: 1n, type: 'PaymentCaptured', traceparent: null },
    occurredAt: 7 * minute,
    captured: { paymentId: id, method: 'card', amountMinor: 100n, currency: 'EUR' },
    ...{ authorised: null, declined: null, voided: null, refunded: null, returned: null },
  },
})

const told = (payments: bigint, lateOffsets: readonly bigint[] = []): Told => ({
  windows: [
    {
      ...{ windowStart: 7 * minute, windowEnd: 8 * minute, currency: 'EUR', kind: 'window' },
      ...{ deltaPayments: payments, deltaMinor: payments * 100n },
    },
  ],
  late: lateOffsets.map((kafkaOffset) => ({
    ...{ eventId: 'a', streamId: 'a', occurredAt: 7 * minute, watermark: 8 * minute },
    ...{ currency: 'EUR', amountMinor: 100n, kafkaPartition: 0, kafkaOffset },
    ...{ windowStart: 7 * minute, windowEnd: 8 * minute },
  })),
})

test('a payment that is neither in its window nor in the late output is lost', () => {
  const gaps = neitherIn([sent('a', 0n), sent('b', 1n), sent('c', 2n)], told(1n, [0n]))
  expect(gaps).toEqual([{ windowStart: 7 * minute, currency: 'EUR', missing: 1, due: 2 }])
  expect(neitherLines(gaps, 3)[0]).toContain('1 of 3 payments are in neither window nor late')
})

test('a repeat of a payment in its window is not lost, whether or not it is in the late output', () => {
  expect(neitherIn([sent('a', 0n), sent('a', 1n)], told(1n))).toEqual([])
  expect(neitherIn([sent('a', 0n), sent('a', 1n)], told(1n, [1n]))).toEqual([])
  expect(neitherLines([], 2)).toEqual([])
})

test('a window that was never written is lost as a whole', () => {
  const gaps = neitherIn([sent('a', 0n), sent('b', 1n)], { windows: [], late: [] })
  expect(gaps[0]?.missing).toBe(2)
})
