import { expect, test } from 'vitest'
import type { ConsumedRecord } from './consume.ts'
import { Refusal } from './refusal.ts'

const bounds = { maxRecords: 100, maxBytes: 1, maxMs: 1 }
const record = (offset: number): ConsumedRecord => ({
  ...{ topic: 'in', partition: 0, offset: String(offset), key: null, value: null, headers: {} },
})
const refused = new Error('transaction', {
  cause: Object.assign(new Error('refused'), { type: 'MESSAGE_TOO_LARGE' }),
})

const maxRecordsFrom = (refusal: Refusal, offset: number) =>
  refusal.boundsFrom(record(offset), bounds).maxRecords
const transformed = (refusal: Refusal, offset: number) =>
  refusal.around(({ value }) => [{ topic: 'out', value }])(record(offset))

test('after a refusal records go alone, to the end of what was refused', () => {
  const refusal = new Refusal()
  refusal.note([4, 5, 6].map(record), refused)
  expect([4, 6, 7].map((offset) => maxRecordsFrom(refusal, offset))).toEqual([1, 1, 100])
  expect(() => transformed(refusal, 5)).not.toThrow()
})

test('the record that is refused alone is at fault, and no other', () => {
  const refusal = new Refusal()
  refusal.note([record(5)], refused)
  expect(() => transformed(refusal, 5)).toThrow(expect.objectContaining({ retriable: false }))
  expect(() => transformed(refusal, 6)).not.toThrow()
})

test('a broken broker says nothing against a record', () => {
  const refusal = new Refusal()
  const away = Object.assign(new Error('away'), { type: 'NOT_ENOUGH_REPLICAS' })
  refusal.note([4, 5, 6].map(record), away)
  refusal.note([record(5)], away)
  expect(maxRecordsFrom(refusal, 4)).toBe(100)
  expect(() => transformed(refusal, 5)).not.toThrow()
})
