import type { Codec } from '@tenseams/codec/codec'
import { judgeFailure } from '@tenseams/kafka/failure'
import { expect, test } from 'vitest'
import { handleShipments, PaymentNotKnownYetError } from './consumer.ts'
import type { PaymentLog } from './log.ts'
import type { Provider } from './provider.ts'

const orderId = '0198c0de-0000-7000-8000-000000000001'

test('a dispatch of an order that nobody has paid for waits a minute, and not for ever', async () => {
  const handle = handleShipments({
    log: {
      load: async () => ({ state: { status: 'unknown' }, version: 0n }),
    } as unknown as PaymentLog,
    codec: {
      decode: async () => ({ value: { streamId: orderId, dispatched: {} } }),
    } as unknown as Codec,
    provider: {} as Provider,
  })
  const record = { topic: 'fulfilment.shipment.v1', partition: 0, offset: '0', timestampMs: 0 }
  const error = await handle({ ...record, key: null, value: null, headers: {} }).catch(
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(PaymentNotKnownYetError)
  expect(judgeFailure(error, { attempt: 35, ageMs: 59_000 }).kind).toBe('wait')
  expect(judgeFailure(error, { attempt: 10, ageMs: 60_000 })).toMatchObject({
    ...{ kind: 'dead-letter', reason: 'payment-not-known-yet' },
  })
})
