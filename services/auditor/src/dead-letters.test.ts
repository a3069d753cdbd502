import { expect, test } from 'vitest'
import { readDeadLetter } from './dead-letters.ts'
import type { LogRecord } from './log-reader.ts'

const origin = {
  'dead-letter-topic': 'orders.order.v1',
  'dead-letter-partition': '2',
  'dead-letter-offset': '17',
  'dead-letter-group': 'payments',
}

const record = (headers: Readonly<Record<string, string>>): LogRecord => ({
  ...{ topic: 'orders.order.v1.dead-letter', partition: 1, offset: 5n, fate: 'committed' },
  ...{ key: null, value: null, writtenAt: 0n, headers: new Map(Object.entries(headers)) },
})

test('a dead letter names its record, or all records of a batch', () => {
  const row = { topic: 'orders.order.v1', partition: 2n, offset: 17n, group_id: 'payments' }
  expect(readDeadLetter(record(origin))).toEqual({
    ...{ kind: 'dead letter', row: { ...row, last_offset: 17n } },
  })
  const batch = { ...origin, 'dead-letter-last-offset': '21' }
  expect(readDeadLetter(record(batch)).kind).toBe('dead letter')
  expect(readDeadLetter(record(batch))).toMatchObject({ row: { ...row, last_offset: 21n } })
})

test.each([
  ['partition', 'abc'],
  ['partition', ''],
  ['partition', '-1'],
  ['partition', '1.0'],
  ['partition', ' 1'],
  ['partition', '0x1'],
  ['partition', '2147483648'],
  ['partition', '1,1'],
  ['offset', 'abc'],
  ['offset', '-1'],
  ['offset', '1e3'],
  ['offset', '9223372036854775808'],
  ['offset', '99999999999999999999'],
  ['topic', 'payments.payment.v1'],
  ['topic', ''],
  ['last-offset', '16'],
  ['last-offset', 'abc'],
])('a header that does not name the origin is malformed: dead-letter-%s: %j', (name, value) => {
  const found = readDeadLetter(record({ ...origin, [`dead-letter-${name}`]: value }))
  expect(found).toEqual({
    kind: 'malformed',
    row: {
      ...{ topic: 'orders.order.v1.dead-letter', partition: 1n, offset: 5n },
      why: `dead-letter-${name}`,
    },
  })
})

test.each(['topic', 'partition', 'offset'] as const)(
  'a missing header is malformed, and not the beginning: dead-letter-%s',
  (name) => {
    const { [`dead-letter-${name}`]: _, ...rest } = origin as Readonly<Record<string, string>>
    const found = readDeadLetter(record(rest))
    expect(found.kind).toBe('malformed')
    expect(found).toMatchObject({ row: { why: expect.stringContaining(`dead-letter-${name}`) } })
  },
)

test('the note that a dead letter was sent back is no dead letter', () => {
  expect(readDeadLetter(record({ 'dead-letter-replayed': '3' })).kind).toBe('note')
})
