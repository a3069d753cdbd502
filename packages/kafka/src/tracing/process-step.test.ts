import { type Recorder, recordSpans } from '@tenseams/telemetry/testing/recorder'
import { activeContext } from '@tenseams/telemetry/tracing/step'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConsumedRecord } from '../record.ts'
import { inProcessStep } from './process-step.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const recordWith = (headers: ConsumedRecord['headers']): ConsumedRecord => ({
  ...{ topic: 'orders.order.v1', partition: 2, offset: '41', timestampMs: Date.now() - 20 },
  ...{ key: Buffer.from('order-1'), value: Buffer.from('value'), headers },
})

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('payments')
})

afterEach(() => recorder.close())

test('a record is handled in a span below the event’s, which is active meanwhile', async () => {
  const record = recordWith({
    ...{ id: Buffer.from('event-1'), eventType: Buffer.from('OrderPlaced') },
    traceparent: Buffer.from(traceparent),
  })
  const active = await inProcessStep(record, 'payments', async () => activeContext()?.spanId)
  const [wait, span] = recorder.spans()
  expect(span).toMatchObject({
    ...{ name: 'process orders.order.v1', kind: 'CONSUMER', parentId: wait?.id, id: active },
    tags: {
      'messaging.consumer.group.name': 'payments',
      'messaging.destination.partition.id': '2',
      'messaging.kafka.offset': '41',
      'tenseams.event.id': 'event-1',
      'tenseams.event.type': 'OrderPlaced',
    },
  })
})

test('a handler that fails ends its span as failed', async () => {
  const record = recordWith({ traceparent: Buffer.from(traceparent) })
  const failing = inProcessStep(record, 'payments', () => Promise.reject(new TypeError('x')))
  await expect(failing).rejects.toThrow('x')
  expect(recorder.spans()[1]?.tags).toMatchObject({ error: 'TypeError' })
})

test.each([{}, { traceparent: Buffer.alloc(0) }])(
  'a record with the headers %o is handled outside of any trace',
  async (headers) => {
    expect(
      await inProcessStep(recordWith(headers), 'payments', () => activeContext()),
    ).toBeUndefined()
    expect(recorder.spans()).toEqual([])
  },
)
