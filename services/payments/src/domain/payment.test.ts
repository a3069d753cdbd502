import { accept, refuse } from '@tenseams/decider/decider'
import { specify } from '@tenseams/decider/specification'
import { describe, expect, test } from 'vitest'
import { type PaymentCommand, type PaymentEvent, paymentDecider } from './payment.ts'

const capture = { paymentId: 'p-1', method: 'card', amountMinor: 500n, currency: 'EUR' }
const decline = { method: 'card', reason: 'insufficient-funds' }
const captured: PaymentEvent = { type: 'PaymentCaptured', data: capture }
const declined: PaymentEvent = { type: 'PaymentDeclined', data: decline }
const recordCapture: PaymentCommand = { type: 'RecordCapture', data: capture }
const recordDecline: PaymentCommand = { type: 'RecordDecline', data: decline }

const { given } = specify(paymentDecider)

describe('the payment of an order', () => {
  test('is what the provider has answered', () => {
    expect(given().when(recordCapture)).toEqual(accept(captured))
    expect(given().when(recordDecline)).toEqual(accept(declined))
  })

  test('is recorded once, however often the answer comes', () => {
    expect(given(captured).when(recordCapture)).toEqual(accept())
    expect(given(declined).when(recordDecline)).toEqual(accept())
  })

  test('is captured at most once: a second payment of the same order is refused', () => {
    const again: PaymentCommand = { type: 'RecordCapture', data: { ...capture, paymentId: 'p-2' } }
    expect(given(captured).when(again)).toEqual(refuse('captured-twice'))
  })

  test('is not both captured and declined', () => {
    expect(given(captured).when(recordDecline)).toEqual(refuse('payment-was-captured'))
    expect(given(declined).when(recordCapture)).toEqual(refuse('payment-was-declined'))
  })
})
