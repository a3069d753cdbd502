import { expect, test } from 'vitest'
import { shipmentOf } from './shipment.ts'

test('a confirmed order is dispatched, with the payment that may now be captured', () => {
  expect(shipmentOf({ type: 'OrderConfirmed', data: { paymentId: 'p-1' } }, 's-1')).toEqual({
    type: 'ShipmentDispatched',
    data: { shipmentId: 's-1', paymentId: 'p-1' },
  })
})

test('an order that is cancelled after its confirmation is recalled', () => {
  const data = { reason: 'mistake', paymentId: 'p-1' }
  expect(shipmentOf({ type: 'OrderCancelled', data }, 's-1')).toEqual({
    type: 'ShipmentRecalled',
    data: { shipmentId: 's-1', reason: 'mistake' },
  })
})

test('an order that was never confirmed has nothing to recall', () => {
  const data = { reason: 'mistake', paymentId: null }
  expect(shipmentOf({ type: 'OrderCancelled', data }, 's-1')).toBeUndefined()
})
