import { expect, test } from 'vitest'
import {
  type DescribedTransaction,
  type OpenProducer,
  openTransactionsIn,
} from './open-transactions.ts'

const NOW = 10_000_000
const transaction = (changes: Partial<DescribedTransaction> = {}): DescribedTransaction => ({
  ...{ transactionalId: 'fulfilment-0', state: 'Ongoing', producerId: 7n, timeoutMs: 30_000 },
  ...{ startedAtMs: NOW - 20_000, partitions: [{ topic: 'shipments', partition: 0 }] },
  ...changes,
})
const producer = (changes: Partial<OpenProducer> = {}): OpenProducer => ({
  ...{ topic: 'shipments', partition: 0, producerId: 7n, producerEpoch: 3, coordinatorEpoch: 0 },
  ...{ firstOffset: 41n, lastWrittenAtMs: NOW - 19_000 },
  ...changes,
})

test('a transaction has the first offsets that readers wait at', () => {
  expect(openTransactionsIn([transaction()], [producer()], NOW)).toEqual([
    { kind: 'known', transaction: transaction(), ageMs: 20_000, producers: [producer()] },
  ])
})

test('one that no coordinator knows hangs, when its last record is older than any timeout', () => {
  const old = producer({ producerId: 9n, lastWrittenAtMs: NOW - 900_001 })
  expect(openTransactionsIn([transaction()], [old], NOW)).toContainEqual({
    ...{ kind: 'hanging', producer: old, ageMs: 900_001 },
  })
})

test('one that has begun since the coordinators were asked does not hang', () => {
  const young = producer({ producerId: 9n, lastWrittenAtMs: NOW - 900_000 })
  expect(openTransactionsIn([], [young], NOW)).toEqual([])
})

test('a partition that the producer’s open transaction does not have was left by an earlier one', () => {
  const left = producer({ partition: 1, lastWrittenAtMs: NOW - 1_000_000 })
  const found = openTransactionsIn([transaction()], [left], NOW)
  expect(found.map(({ kind }) => kind)).toEqual(['hanging', 'known'])
})
