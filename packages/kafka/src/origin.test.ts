import { expect, test } from 'vitest'
import { deadLetterMessage } from './dead-letter.ts'
import { isNote, originIn } from './origin.ts'

const topic = 'orders.order.v1'
const headers = {
  'dead-letter-topic': topic,
  'dead-letter-partition': '2',
  'dead-letter-offset': '17',
}

test('a dead letter names the record, or the records of a batch, that it holds', () => {
  const origin = { partition: 2, offset: 17n }
  expect(originIn(headers, topic)).toEqual({ kind: 'record', origin })
  expect(originIn({ ...headers, 'dead-letter-last-offset': Buffer.from('21') }, topic)).toEqual({
    ...{ kind: 'batch', origin, lastOffset: 21n },
  })
})

test('what is written is what is read', () => {
  const place = { topic, partition: 3, offset: '9', lastOffset: '12', headers: {} }
  const why = { reason: 'unreadable-batch', detail: 'x', groupId: 'test' }
  const message = deadLetterMessage({ ...place, ...why, key: null, value: null })
  expect(originIn(message.headers ?? {}, topic)).toEqual({
    ...{ kind: 'batch', origin: { partition: 3, offset: 9n }, lastOffset: 12n },
  })
})

test.each<readonly [string, string | string[] | undefined]>([
  ['partition', 'abc'],
  ['partition', undefined],
  ['partition', ''],
  ['partition', '-1'],
  ['partition', '1.5'],
  ['partition', ' 1'],
  ['partition', '2147483648'],
  ['partition', ['1', '2']],
  ['offset', undefined],
  ['offset', '1e3'],
  ['offset', '9223372036854775808'],
  ['topic', 'payments.payment.v1'],
  ['topic', undefined],
  ['last-offset', '16'],
  ['last-offset', 'abc'],
])('dead-letter-%s: %j names no place, and above all not partition 0', (name, value) => {
  const found = originIn({ ...headers, [`dead-letter-${name}`]: value }, topic)
  expect(found).toEqual({ kind: 'malformed', why: expect.stringContaining(`dead-letter-${name}`) })
})

test('a dead letter whose record had the note’s header is no note', () => {
  expect(isNote({ 'dead-letter-replayed': '3' })).toBe(true)
  expect(isNote({ ...headers, 'dead-letter-replayed': '3' })).toBe(false)
})
