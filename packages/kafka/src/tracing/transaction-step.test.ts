import { type Recorder, recordSpans } from '@tenseams/telemetry/testing/recorder'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConsumedRecord } from '../record.ts'
import { TransactionSteps } from './transaction-step.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const topicPartition = { groupId: 'fulfilment', topic: 'orders.order.v1', partition: 0 }

const recordAt = (offset: number, flags = '01'): ConsumedRecord => ({
  ...{ topic: 'orders.order.v1', partition: 0, offset: String(offset), timestampMs: Date.now() },
  ...{ key: null, value: null },
  headers: { traceparent: Buffer.from(`00-${traceId}-b7ad6b716920333${offset % 10}-${flags}`) },
})

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('fulfilment')
})

afterEach(() => recorder.close())

const named = (name: string) => recorder.spans().filter((span) => span.name === name)

test('records of one transaction share it, and each has waited for its commit', async () => {
  const steps = new TransactionSteps('fulfilment')
  for (const offset of [1, 2]) await steps.transform(recordAt(offset), () => [])
  const outcome = await steps.commit(
    topicPartition,
    { next: 3n, records: 2 },
    async () => 'committed',
  )
  expect(outcome).toBe('committed')
  const processed = named('process orders.order.v1')
  const [transaction] = named('transaction orders.order.v1')
  expect(transaction?.tags).toMatchObject({
    'messaging.batch.message_count': '2',
    'tenseams.outcome': 'committed',
    links: processed.map(({ id }) => `${traceId}-${id}`).join(' '),
  })
  expect(named('wait for a transaction')).toMatchObject(
    processed.map(({ id }) => ({
      ...{ traceId, parentId: id },
      tags: { links: `${transaction?.traceId}-${transaction?.id}` },
    })),
  )
})

test('a record that the transaction does not cover has not waited for it', async () => {
  const steps = new TransactionSteps('fulfilment')
  for (const offset of [1, 2]) await steps.transform(recordAt(offset), () => [])
  await steps.commit(topicPartition, { next: 2n, records: 1 }, async () => 'committed')
  expect(named('wait for a transaction')).toHaveLength(1)
})

test('a transaction that fails is recorded as failed, and nobody’s wait is over', async () => {
  const steps = new TransactionSteps('fulfilment')
  await steps.transform(recordAt(1), () => [])
  const failing = steps.commit(topicPartition, { next: 2n, records: 1 }, () =>
    Promise.reject(new TypeError('x')),
  )
  await expect(failing).rejects.toThrow('x')
  expect(named('transaction orders.order.v1')[0]?.tags).toMatchObject({ error: 'TypeError' })
  expect(named('wait for a transaction')).toEqual([])
})

test('a transaction of records that nobody records is not recorded', async () => {
  const steps = new TransactionSteps('fulfilment')
  await steps.transform(recordAt(1, '00'), () => [])
  await steps.commit(topicPartition, { next: 2n, records: 1 }, async () => 'committed')
  expect(recorder.spans()).toEqual([])
})
