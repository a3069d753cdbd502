import { expect, test } from 'vitest'
import { lagOf, type OffsetsByTopic } from './lag.ts'

const offsets = (topics: Record<string, readonly bigint[]>): OffsetsByTopic =>
  new Map(Object.entries(topics).map(([topic, each]) => [topic, new Map(each.entries())]))

const ends = offsets({ orders: [100n, 50n, 7n], payments: [9n] })

test('the lag of a group is the sum over its partitions', () => {
  expect(lagOf(offsets({ orders: [90n, 50n, 0n], payments: [8n] }), ends)).toBe(10 + 0 + 7 + 1)
})

test('a partition without a committed offset, or one that has meanwhile gone on, adds nothing', () => {
  expect(lagOf(offsets({ orders: [-1n, 60n] }), ends)).toBe(0)
})

test('a topic that is gone adds nothing', () => {
  expect(lagOf(offsets({ gone: [1n] }), ends)).toBe(0)
})
