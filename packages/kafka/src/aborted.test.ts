import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { type FetchedPartition, markAborted } from './aborted.ts'

const record = (offset: number, producerId: string) => ({
  offset: String(offset),
  key: Buffer.from('key'),
  isControlRecord: false,
  batchContext: { producerId, inTransaction: true },
})
const aborts = (offset: number, producerId: string) => ({
  ...record(offset, producerId),
  key: Buffer.from([0, 0, 0, 0]),
  isControlRecord: true,
})

/** Two that overlap, the later one aborted first: the broker lists them in the order of their ends. */
const overlapping = (from: number): FetchedPartition => ({
  abortedTransactions: [
    { producerId: 'b', firstOffset: '1' },
    { producerId: 'a', firstOffset: '0' },
  ],
  messages: [
    ...[record(0, 'a'), record(1, 'b'), record(2, 'c'), record(3, 'b'), record(4, 'a')],
    ...[aborts(5, 'b'), aborts(6, 'a'), record(7, 'a')],
  ].slice(from),
})

const visible = ({ messages }: FetchedPartition) =>
  messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => Number(offset))

describe('records of aborted transactions', () => {
  test('are hidden when transactions overlap, and the producer is seen again afterwards', () => {
    const partition = overlapping(0)
    markAborted(partition)
    expect(visible(partition)).toEqual([2, 7])
  })

  test('are hidden when the fetch begins inside both', () => {
    const partition = overlapping(3)
    markAborted(partition)
    expect(visible(partition)).toEqual([7])
  })

  test('are shown by kafkajs itself: when this fails, the patch can be removed', () => {
    const filter: (partition: FetchedPartition) => FetchedPartition['messages'] = createRequire(
      import.meta.url,
    )('kafkajs/src/consumer/filterAbortedMessages')
    const partition = overlapping(0)
    expect(visible({ ...partition, messages: filter(partition) })).toContain(0)
  })
})
