import { expect, test } from 'vitest'
import { fieldsOf } from './record-fields.ts'

const orderId = '0198a1b2-0000-7000-8000-00000000000a'
const eventId = '0198a1b2-0000-7000-8000-00000000000e'
const record = {
  ...{ topic: 'orders.order.v1', partition: 3, offset: '42', timestampMs: 0, value: null },
  key: Buffer.from(orderId),
  headers: { id: Buffer.from(eventId) },
}
const place = { topic: 'orders.order.v1', partition: 3, offset: '42' }

test('a line about a record says its place, its event and the order that it is about', () => {
  expect(fieldsOf(record, 'orderId')).toEqual({ ...place, eventId, orderId })
})

test('a key is no order unless the topic’s key is', () => {
  expect(fieldsOf(record)).toEqual({ ...place, eventId })
})

test.each([
  ['missing', null, {}],
  ['a name', Buffer.from('Ada Lovelace'), { id: Buffer.from('ada@example.com') }],
  ['bytes', Buffer.from([0, 255, 10]), { id: Buffer.from([0, 255, 10]) }],
  ['several', Buffer.from(`${orderId}\n`), { id: [Buffer.from(eventId), Buffer.from(eventId)] }],
])('what is %s stays out of the log', (_what, key, headers) => {
  expect(fieldsOf({ ...record, key, headers }, 'orderId')).toEqual(place)
})
