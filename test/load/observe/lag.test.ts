import type { Admin } from 'kafkajs'
import { expect, test } from 'vitest'
import { isOfSystem, LagReader, lagOf, type OffsetsByTopic } from './lag.ts'

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

test.each([
  ['payments', true],
  ['payments-shipments', true],
  ['flink-revenue-per-minute', true],
  ['lakehouse', true],
  ['test-12', false],
  ['demonstration-1', false],
  ['paymentsX', false],
])('the group %s is of the system: %s', (group, isOurs) => {
  expect(isOfSystem(group)).toBe(isOurs)
})

test('every group of the system is read that has committed offsets', async () => {
  const committed: Readonly<Record<string, string>> = { payments: '7', 'flink-late': '4' }
  const admin: Partial<Admin> = {
    listGroups: async () => ({
      groups: ['payments', 'flink-late', 'orders', 'test-1'].map((groupId) => ({
        ...{ groupId, protocolType: 'consumer' },
      })),
    }),
    fetchOffsets: async ({ groupId }) => {
      const offset = committed[groupId]
      const partitions = [{ partition: 0, offset: offset ?? '', metadata: null }]
      return offset === undefined ? [] : [{ topic: 'a', partitions }]
    },
    fetchTopicOffsets: async () => [{ partition: 0, offset: '9', high: '9', low: '0' }],
  }
  expect(await new LagReader(admin as Admin).read()).toEqual({ payments: 2, 'flink-late': 5 })
})
