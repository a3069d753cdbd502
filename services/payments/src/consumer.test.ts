import type { Codec } from '@tenseams/codec/codec'
import { judgeFailure } from '@tenseams/kafka/failure'
import type { Provider } from '@tenseams/provider/client'
import { faultOf } from '@tenseams/service/fault'
import { describe, expect, test } from 'vitest'
import { handleOrders, handleShipments, PaymentNotKnownYetError } from './consumer.ts'
import type { PaymentLog } from './log.ts'

const orderId = '0198c0de-0000-7000-8000-000000000001'

test('a dispatch of an order that nobody has paid for waits a minute, and not for ever', async () => {
  const handle = handleShipments({
    log: {
      load: async () => ({ state: { status: 'unknown' }, version: 0n }),
    } as unknown as PaymentLog,
    codec: {
      decode: async () => ({ value: { eventId: orderId, streamId: orderId, dispatched: {} } }),
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

describe('a record whose ids are none', () => {
  const moved: string[] = []
  const handling = (value: object) => ({
    log: {
      load: async () => ({ state: { status: 'unknown' }, version: 0n }),
    } as unknown as PaymentLog,
    codec: { decode: async () => ({ value }) } as unknown as Codec,
    provider: {
      authorise: async () => void moved.push('authorised'),
    } as unknown as Provider,
  })
  const record = {
    ...{ topic: 'orders.order.v1', partition: 0, offset: '0', timestampMs: 0 },
    ...{ key: null, value: null, headers: {} },
  }
  const event = { eventId: orderId, streamId: orderId, placed: {}, cancelled: null, dispatched: {} }

  test.each(['', 'abc', '\u0000', `urn:uuid:${orderId}`])(
    'such as "%s", is at fault itself, and moves no money',
    async (id) => {
      for (const value of [
        { ...event, eventId: id },
        { ...event, streamId: id },
      ]) {
        for (const handle of [handleOrders, handleShipments]) {
          const error = await handle(handling(value))(record).catch((reason: unknown) => reason)
          expect(faultOf(error)).toBe('record')
        }
      }
      expect(moved).toEqual([])
    },
  )
})
