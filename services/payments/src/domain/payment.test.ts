import { accept, refuse } from '@tenseams/decider/decider'
import { specify } from '@tenseams/decider/specification'
import { describe, expect, test } from 'vitest'
import { type PaymentCommand, type PaymentEvent, paymentDecider } from './payment.ts'

const payment = { paymentId: 'p-1', method: 'card', amountMinor: 500n, currency: 'EUR' }
const decline = { method: 'card', reason: 'insufficient-funds' }
const authorised: PaymentEvent = { type: 'PaymentAuthorised', data: payment }
const captured: PaymentEvent = { type: 'PaymentCaptured', data: payment }
const declined: PaymentEvent = { type: 'PaymentDeclined', data: decline }
const voided: PaymentEvent = { type: 'PaymentVoided', data: payment }
const refunded: PaymentEvent = { type: 'PaymentRefunded', data: payment }
const recordAuthorisation: PaymentCommand = { type: 'RecordAuthorisation', data: payment }
const recordCapture: PaymentCommand = { type: 'RecordCapture', data: payment }
const recordRefund: PaymentCommand = { type: 'RecordRefund', data: payment }

const surplus = { ...payment, paymentId: 'p-2', operationId: 'o-2', outcome: 'voided' }
const recordReturn: PaymentCommand = { type: 'RecordReturn', data: surplus }
const returned: PaymentEvent = { type: 'SurplusReturned', data: surplus }

const { given } = specify(paymentDecider)

describe('the payment of an order', () => {
  test('is what the provider answered', () => {
    expect(given().when(recordAuthorisation)).toEqual(accept(authorised))
    expect(given().when({ type: 'RecordDecline', data: decline })).toEqual(accept(declined))
    expect(given(authorised).when(recordCapture)).toEqual(accept(captured))
    expect(given(authorised).when({ type: 'RecordVoid', data: payment })).toEqual(accept(voided))
    expect(given(authorised, captured).when(recordRefund)).toEqual(accept(refunded))
  })

  test('is refunded together with its capture when the refund is recorded first', () => {
    expect(given(authorised).when(recordRefund)).toEqual(accept<PaymentEvent>(captured, refunded))
    expect(given(authorised, captured, refunded).when(recordCapture)).toEqual(accept())
  })

  test('is one payment: a second one of the same order is refused', () => {
    const another: PaymentCommand = {
      type: 'RecordAuthorisation',
      data: { ...payment, paymentId: 'p-2' },
    }
    expect(given(authorised).when(another)).toEqual(refuse('paid-by-another'))
  })

  test('is of one amount', () => {
    const less: PaymentCommand = { type: 'RecordCapture', data: { ...payment, amountMinor: 1n } }
    expect(given(authorised).when(less)).toEqual(refuse('amount-differs'))
  })
})

describe('a surplus', () => {
  test('is returned once, whatever the state of the payment', () => {
    expect(given(authorised).when(recordReturn)).toEqual(accept(returned))
    expect(given(declined).when(recordReturn)).toEqual(accept(returned))
    expect(given(authorised, returned, captured).when(recordReturn)).toEqual(accept())
  })

  test('may be a second capture of the payment, but never the payment itself', () => {
    const twice = { ...surplus, paymentId: 'p-1', operationId: 'o-3', outcome: 'refunded' }
    const own: PaymentCommand = { type: 'RecordReturn', data: { ...twice, outcome: 'voided' } }
    expect(given(captured).when({ type: 'RecordReturn', data: twice }).kind).toBe('accepted')
    expect(given(authorised).when(own)).toEqual(refuse('no-surplus'))
  })
})
