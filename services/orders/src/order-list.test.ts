import { describe, expect, test } from 'vitest'
import type { OrderEvent } from './domain/order.ts'
import { changesOf } from './order-list.ts'

const data = {
  customerId: 'c-1',
  currency: 'EUR',
  totalMinor: 5n,
  paymentMethod: 'card',
  lines: [],
}
const placed: OrderEvent = { type: 'OrderPlaced', data }
const rejected: OrderEvent = { type: 'OrderRejected', data: { reason: 'payment-declined' } }

describe('the changes of a batch', () => {
  test('are one for each order: what was placed, and the state after the last event', () => {
    const changes = changesOf([
      { orderId: 'o-1', version: 1n, event: placed },
      { orderId: 'o-2', version: 2n, event: rejected },
      { orderId: 'o-1', version: 2n, event: rejected },
    ])
    expect(changes).toEqual([
      { orderId: 'o-1', placed: data, status: 'rejected', version: 2n },
      { orderId: 'o-2', placed: undefined, status: 'rejected', version: 2n },
    ])
  })
})
