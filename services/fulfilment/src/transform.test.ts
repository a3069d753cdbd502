import { avroType } from '@tenseams/codec/avro-long'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { currentSchema } from '@tenseams/contracts/schemas'
import { faultOf } from '@tenseams/service/fault'
import { describe, expect, test } from 'vitest'
import { shipOrders } from './transform.ts'

const { text } = currentSchema('orders.order.v1')
const [orderId, cause] = [
  '0198c0de-0000-7000-8000-000000000001',
  '0198c0de-0000-7000-8000-00000000000a',
]

const event = (changes: Partial<OrderEvent>): OrderEvent => ({
  eventId: cause,
  streamId: orderId,
  version: 2n,
  type: 'tick',
  occurredAt: 1_700_000_000_000,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ...{ placed: null, confirmed: null, rejected: null, cancelled: null, completed: null },
  refunded: null,
  ...changes,
})
const confirmed = event({
  type: 'OrderConfirmed',
  confirmed: { paymentId: 'p-1', amountMinor: 1n, currency: 'EUR' },
})
const cancelled = event({
  type: 'OrderCancelled',
  eventId: '0198c0de-0000-7000-8000-00000000000b',
  cancelled: { reason: 'mistake', paymentId: 'p-1' },
})

/** The result for one record: key, headers, and the values that were encoded. */
async function ship(order: OrderEvent | Buffer, { offset = '0', now = 5 } = {}) {
  const codec = openCodec('http://127.0.0.1:1', 2_000)
  codec.learn(7, text)
  const given: ShipmentEvent[] = []
  const encode = (value: ShipmentEvent) => {
    given.push(value)
    return Buffer.alloc(0)
  }
  const value = Buffer.isBuffer(order)
    ? order
    : Buffer.concat([Buffer.of(0, 0, 0, 0, 7), avroType(text).toBuffer(order)])
  const consumed = {
    ...{ topic: 'orders.order.v1', partition: 0, offset },
    ...{ timestampMs: now, key: null, headers: {} },
  }
  const records = await shipOrders({ codec, encode, now: () => now })({ ...consumed, value })
  return { records, given }
}

describe('an order’s record', () => {
  test.each(['', 'abc', `{${orderId}}`, '0198c0de-0000-0000-0000-000000000001'])(
    'whose ids are none, such as "%s", is at fault itself',
    async (id) => {
      for (const order of [
        { ...confirmed, streamId: id },
        { ...confirmed, eventId: id },
      ]) {
        const error = await ship(order).catch((reason: unknown) => reason)
        expect(faultOf(error)).toBe('record')
      }
    },
  )

  test('of a confirmation becomes a dispatch, under the order’s key and in its trace', async () => {
    const { records, given } = await ship(confirmed)
    expect(given).toEqual([
      {
        eventId: expect.stringMatching(/^[0-9a-f-]{14}5/),
        streamId: orderId,
        version: 1n,
        type: 'ShipmentDispatched',
        occurredAt: 5n,
        traceparent: confirmed.traceparent,
        dispatched: { shipmentId: expect.any(String), paymentId: 'p-1' },
        recalled: null,
      },
    ])
    expect(records).toMatchObject([
      {
        topic: 'fulfilment.shipment.v1',
        key: orderId,
        headers: { id: given[0]?.eventId, eventType: 'ShipmentDispatched', version: '1' },
      },
    ])
  })

  test('of a cancellation recalls the shipment that was dispatched', async () => {
    const [dispatch] = (await ship(confirmed)).given
    const [recall] = (await ship(cancelled)).given
    expect(recall).toMatchObject({ version: 2n, type: 'ShipmentRecalled', dispatched: null })
    expect(recall?.recalled?.shipmentId).toBe(dispatch?.dispatched?.shipmentId)
    expect(recall?.eventId).not.toBe(dispatch?.eventId)
  })

  test('that is delivered again, at another offset and another time, gives the same ids', async () => {
    const [first] = (await ship(confirmed)).given
    const [again] = (await ship(confirmed, { offset: '99', now: 6 })).given
    expect(again).toEqual({ ...first, occurredAt: 6n })
  })

  test('of anything else causes no shipment', async () => {
    const early = event({
      type: 'OrderCancelled',
      cancelled: { reason: 'mistake', paymentId: null },
    })
    for (const other of [event({}), event({ type: 'OrderLost' }), early]) {
      expect((await ship(other)).records).toEqual([])
    }
  })

  test('that cannot be decoded is not retriable, so it becomes a dead letter', async () => {
    await expect(ship(Buffer.from('not Avro'))).rejects.toMatchObject({ retriable: false })
  })
})
