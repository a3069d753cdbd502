import { expect, test } from 'vitest'
import { logLineDifferences } from './log-lines.ts'
import { readTelemetry } from './read.ts'

const telemetry = readTelemetry()
const plain = { level: 40, time: 1_796_069_297_733, service: 'payments', msg: 'partition pauses' }
const differences = (fields: object) => logLineDifferences(telemetry, JSON.stringify(fields))

test('a line with declared fields of their types has no difference', () => {
  const place = { topic: 'orders.order.v1', partition: 3, offset: '42', attempt: 2 }
  const err = { type: 'Error', message: 'the provider is away', stack: 'at' }
  expect(differences({ ...plain, ...place, orderId: 'a', err })).toEqual([])
})

test.each([
  [
    'a field that nobody declares',
    { shoeSize: 43 },
    'has the field shoeSize, which is not declared',
  ],
  ['text for a number', { partition: '3' }, 'has partition="3", which is no int'],
  ['a number for text', { offset: 42 }, 'has offset=42, which is no string'],
  ['a service that is none', { service: 'guests' }, 'is of no service that is declared'],
  ['no words', { msg: undefined }, 'has no msg'],
])('%s is a difference', (_what, fields, difference) => {
  expect(differences({ ...plain, ...fields })).toEqual([difference])
})

test.each(['Error: broken', '', '[]', 'null', '{"level":30'])(
  '%j is no line of a service',
  (line) => {
    expect(logLineDifferences(telemetry, line)).toEqual([`is no JSON: ${line}`])
  },
)
