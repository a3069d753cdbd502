import { leafColumns } from '@tenseams/iceberg/format/schema'
import { describe, expect, it } from 'vitest'
import { bronzeTableOf, originRow } from './bronze-table.ts'

describe('the bronze table of a topic', () => {
  const bronze = bronzeTableOf('orders.order.v1')

  it('has the topic’s name with underscores and, first, where each row comes from', () => {
    expect(bronze.table).toEqual({ namespace: 'bronze', name: 'orders_order_v1' })
    expect(bronze.schema.fields.slice(0, 7).map(({ name }) => name)).toEqual([
      'kafka_partition',
      'kafka_offset',
      'kafka_timestamp',
      'schema_id',
      'log_epoch',
      'event_id',
      'stream_id',
    ])
  })

  it('gives every column an id of its own', () => {
    const ids = leafColumns(bronze.schema).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is made of a Protobuf contract in the same way', () => {
    const { schema } = bronzeTableOf('fulfilment.shipment.v1')
    const columns = schema.fields.slice(5).map(({ name, required, type }) => {
      return [name, required, typeof type === 'string' ? type : 'struct']
    })
    expect(columns).toEqual([
      ['event_id', true, 'string'],
      ['stream_id', true, 'string'],
      ['version', true, 'long'],
      ['type', true, 'string'],
      ['occurred_at', true, 'long'],
      ['traceparent', false, 'string'],
      ['dispatched', false, 'struct'],
      ['recalled', false, 'struct'],
    ])
  })

  it('holds a record’s own time that no column can hold as the nearest one', () => {
    const origin = { partition: 0, offset: 0n, schemaId: 1 }
    const [latest, earliest] = [2 ** 63, -(2 ** 63)].map(
      (timestampMs) => originRow({ ...origin, timestampMs }).kafka_timestamp,
    )
    expect([latest, earliest]).toEqual([2n ** 63n - 1n, 1n - 2n ** 63n])
  })

  it('takes a record as a row: columns in snake_case, times in microseconds, branches as they are', () => {
    const value = {
      eventId: 'e',
      streamId: 's',
      version: 1n,
      type: 'OrderPlaced',
      occurredAt: 1_700_000_000_123,
      traceparent: null,
      placed: {
        customerId: 'c',
        currency: 'EUR',
        totalMinor: 9_007_199_254_740_993n,
        paymentMethod: 'card',
        lines: [{ sku: 'a', quantity: 2, priceMinor: 5n }],
      },
      confirmed: null,
      rejected: null,
      cancelled: null,
      completed: null,
      refunded: null,
    }
    const origin = { partition: 3, offset: 7n, timestampMs: 1_700_000_000_200, schemaId: 4 }
    expect(bronze.rowOf(value, origin)).toEqual({
      kafka_partition: 3,
      kafka_offset: 7n,
      kafka_timestamp: 1_700_000_000_200_000n,
      schema_id: 4,
      log_epoch: null,
      event_id: 'e',
      stream_id: 's',
      version: 1n,
      type: 'OrderPlaced',
      occurred_at: 1_700_000_000_123_000n,
      traceparent: null,
      placed: {
        customer_id: 'c',
        currency: 'EUR',
        total_minor: 9_007_199_254_740_993n,
        payment_method: 'card',
        lines: [{ sku: 'a', quantity: 2, price_minor: 5n }],
      },
      confirmed: null,
      rejected: null,
      cancelled: null,
      completed: null,
      refunded: null,
    })
  })
})
