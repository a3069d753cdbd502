import { describe, expect, test } from 'vitest'
import { type Batch, firstRecordFrom } from './first-record.ts'

const TRANSACTIONAL = 0b1_0000
const CONTROL = 0b11_0000

const batch = (first: number, count: number, more: Partial<Batch> = {}): Batch => ({
  ...{ firstOffset: BigInt(first), lastOffsetDelta: count - 1, attributes: 0, producerId: 1n },
  firstTimestamp: BigInt(first * 1_000),
  records: Array.from({ length: count }, (_, index) => ({
    ...{ offsetDelta: index, timestampDelta: BigInt(index) },
  })),
  ...more,
})
const marker = (offset: number, producerId = 1n) =>
  batch(offset, 1, { attributes: CONTROL, producerId })

describe('the first record from an offset on', () => {
  test('is the one at the offset, also in the middle of a batch', () => {
    const found = firstRecordFrom(12n, [batch(10, 5)], null)
    expect(found).toEqual({ kind: 'record', timestampMs: 10_002 })
  })

  test('is none of a batch that ends before', () => {
    const found = firstRecordFrom(15n, [batch(10, 5), batch(15, 1)], null)
    expect(found).toEqual({ kind: 'record', timestampMs: 15_000 })
  })

  test('is no transaction marker', () => {
    expect(firstRecordFrom(10n, [marker(10), marker(11)], null)).toEqual({
      ...{ kind: 'nothing', next: 12n },
    })
  })

  test('is none of an aborted transaction, but one after it', () => {
    const aborted = [{ producerId: 1n, firstOffset: 10n }]
    const own = { attributes: TRANSACTIONAL }
    const batches = [batch(10, 2, own), batch(12, 1, own), marker(13), batch(14, 1, own)]
    expect(firstRecordFrom(10n, batches.slice(0, 3), aborted)).toEqual({
      ...{ kind: 'nothing', next: 14n },
    })
    expect(firstRecordFrom(10n, batches, aborted)).toEqual({ kind: 'record', timestampMs: 14_000 })
  })

  test('is one of another producer between those of an aborted transaction', () => {
    const aborted = [{ producerId: 1n, firstOffset: 10n }]
    const own = { attributes: TRANSACTIONAL }
    const batches = [batch(10, 1, own), batch(11, 1, { ...own, producerId: 2n }), marker(12)]
    expect(firstRecordFrom(10n, batches, aborted)).toEqual({ kind: 'record', timestampMs: 11_000 })
  })

  test('is nothing when nothing was fetched', () => {
    expect(firstRecordFrom(7n, [], null)).toEqual({ kind: 'nothing', next: 7n })
  })
})
