import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Recorder, recordSpans } from '../testing/recorder.ts'
import { contextOfReader, traceStateAt } from './waits.ts'

const traceparent = Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
const record = {
  ...{ topic: 'orders.order.v1', partition: 2, offset: '41', timestampMs: 1_080 },
  headers: { id: 'event-1', traceparent, tracestate: Buffer.from(traceStateAt(1_000)) },
}

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('payments')
})

afterEach(() => recorder.close())

test('an event has waited in the WAL, then in its topic, then its reader begins', () => {
  const context = contextOfReader(record, 'payments', 1_100)
  const [wal, topic] = recorder.spans()
  expect(wal).toMatchObject({
    ...{ name: 'wait in the WAL', parentId: 'b7ad6b7169203331' },
    ...{ timestamp: 1_000_000, duration: 80_000 },
    localEndpoint: { serviceName: 'debezium' },
  })
  expect(topic).toMatchObject({
    ...{ name: 'wait in orders.order.v1', parentId: wal?.id },
    ...{ timestamp: 1_080_000, duration: 20_000 },
    localEndpoint: { serviceName: 'payments' },
  })
  expect(context?.spanId).toBe(topic?.id)
})

test('three readers and a redelivery record one wait in the WAL, and a wait in the topic each', () => {
  for (const group of ['payments', 'fulfilment', 'lakehouse', 'payments']) {
    contextOfReader(record, group, 1_100)
  }
  const byName = Map.groupBy(recorder.spans(), ({ name }) => name)
  const idsOf = (name: string) => new Set(byName.get(name)?.map(({ id }) => id)).size
  expect(idsOf('wait in the WAL')).toBe(1)
  expect(idsOf('wait in orders.order.v1')).toBe(4)
})

test('two events of one append have a wait in the WAL each', () => {
  contextOfReader(record, 'payments', 1_100)
  const headers = { ...record.headers, id: Buffer.from('event-2') }
  contextOfReader({ ...record, headers }, 'payments', 1_100)
  const waits = recorder.spans().filter(({ name }) => name === 'wait in the WAL')
  expect(new Set(waits.map(({ id }) => id)).size).toBe(2)
})

test('a record that a service has written itself was in no WAL', () => {
  const { tracestate: _, ...headers } = record.headers
  contextOfReader({ ...record, headers }, 'payments', 1_100)
  const [topic, ...more] = recorder.spans()
  expect(topic).toMatchObject({ parentId: 'b7ad6b7169203331' })
  expect(more).toEqual([])
})

test.each([{}, { traceparent: '' }, { traceparent: Buffer.from('nonsense') }])(
  'a record with the headers %o is of no trace',
  (headers) => {
    expect(contextOfReader({ ...record, headers }, 'payments', 1_100)).toBeUndefined()
  },
)
