import { describe, expect, test } from 'vitest'
import { judge, type KeyedRecord } from './keys.ts'

/** Twelve orders with two events each, with the right key. */
const sound: readonly KeyedRecord[] = Array.from({ length: 24 }, (_, index) => ({
  orderId: `o-${index % 12}`,
  version: index < 12 ? 1n : 2n,
  partition: index % 4,
  offset: String(index),
}))

const changed = (index: number, change: Partial<KeyedRecord>) =>
  sound.map((record, at) => (at === index ? { ...record, ...change } : record))

const broken = (records: readonly KeyedRecord[]): readonly string[] =>
  judge(records)
    .lines.filter((line) => line.startsWith('BROKEN'))
    .map((line) => line.split(' ')[3] ?? '')

describe('the judge of keys', () => {
  test('finds nothing where nothing is wrong', () => {
    expect(judge(sound).kind).toBe('holds')
  })

  test('finds an order in two partitions, and the reader that misses its first event', () => {
    expect(judge(changed(12, { partition: 3 })).kind).toBe('refuted')
    expect(broken(changed(12, { partition: 3 }))).toEqual(['I6', 'I7'])
  })

  test('finds a missing version, and a doubled one', () => {
    expect(broken(changed(12, { version: 3n }))).toEqual(['I6'])
    expect(broken(changed(12, { version: 1n }))).toEqual(['I6'])
  })

  test('has no verdict when orders have no second event', () => {
    expect(judge(sound.slice(0, 12)).kind).toBe('undecided')
  })
})
