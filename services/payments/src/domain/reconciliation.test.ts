import { describe, expect, test } from 'vitest'
import type { Payment, PaymentState } from './payment.ts'
import { type ListedPayment, planRepairs } from './reconciliation.ts'

const payment = { paymentId: 'p-1', method: 'card', amountMinor: 500n, currency: 'EUR' }

const here = (
  status: Extract<PaymentState, { payment: Payment }>['status'],
  ...returned: readonly string[]
): PaymentState => ({ status, payment, returned })

/** What the order costs. */
const order = { amountMinor: 500n, currency: 'EUR' }

const unknown: PaymentState = { status: 'unknown', returned: [] }
const declined: PaymentState = { status: 'declined', returned: [] }

/** A payment as listed: its operations are named by their kind and number. */
const there = (operations: string, status: string, paymentId = 'p-1'): ListedPayment => ({
  ...{ ...payment, paymentId, status },
  operations: operations.split(' ').map((name) => ({
    operationId: `${paymentId} ${name}`,
    kind: name.replace(/\d/, ''),
  })),
})

const held = there('authorised', 'authorised')
const captured = there('authorised captured', 'captured')
const voided = there('authorised voided', 'voided')
const refunded = there('authorised captured refunded', 'refunded')
const capturedTwice = there('authorised captured captured2', 'captured')
const oneRefunded = there('authorised captured captured2 refunded', 'captured')
const another = there('authorised', 'authorised', 'p-2')
const anotherCaptured = there('authorised captured', 'captured', 'p-2')

describe('the books', () => {
  test.each<[string, PaymentState, readonly ListedPayment[], readonly string[]]>([
    ['agree on nothing', unknown, [], []],
    ['agree on a decline', declined, [there('declined', 'declined')], []],
    ['agree on what is held', here('authorised'), [held], []],
    ['agree on what was captured', here('captured'), [captured], []],
    ['agree on what was voided', here('voided'), [voided], []],
    ['agree on what was refunded', here('refunded'), [refunded], []],
    ['agree when a surplus is settled', here('captured', 'p-1 captured2'), [oneRefunded], []],
    ['lack an authorisation of ours', unknown, [held], ['learned-authorisation']],
    ['lack a capture of ours', here('authorised'), [captured], ['learned-capture']],
    ['lack a void of ours', here('authorised'), [voided], ['learned-void']],
    ['lack a refund of ours', here('captured'), [refunded], ['learned-refund']],
    ['lack capture and refund of ours', here('authorised'), [refunded], ['learned-refund']],
    ['lack a capture of theirs', here('captured'), [held], ['repeated-capture']],
    ['lack a void of theirs', here('voided'), [held], ['repeated-void']],
    ['lack a refund of theirs', here('refunded'), [captured], ['repeated-refund']],
    ['lack our payment there', here('captured'), [], ['unrepairable']],
    ['contradict each other', here('captured'), [voided], ['unrepairable']],
    ['hold a second payment', here('captured'), [captured, another], ['surplus-voided']],
    [
      'have captured a second payment',
      here('captured'),
      [captured, anotherCaptured],
      ['surplus-refunded'],
    ],
    ['hold money of a declined order', declined, [another], ['surplus-voided']],
    ['have captured twice', here('captured'), [capturedTwice], ['surplus-refunded']],
    ['have captured what is void', here('voided'), [captured], ['surplus-refunded']],
    ['settle a surplus before refunds', here('captured'), [oneRefunded], ['surplus-refunded']],
    [
      'lack a refund of theirs beside a settled surplus',
      here('refunded', 'p-1 captured2'),
      [oneRefunded],
      ['repeated-refund'],
    ],
    [
      'hold a second payment that was returned already',
      here('captured', 'p-2 authorised'),
      [captured, there('authorised voided', 'voided', 'p-2')],
      [],
    ],
  ])('%s', (_, state, listed, kinds) => {
    expect(planRepairs(state, listed, order).map(({ kind }) => kind)).toEqual(kinds)
  })

  test('learn the captured payment when there are two', () => {
    expect(planRepairs(unknown, [another, captured], order)).toMatchObject([
      { record: { data: { paymentId: 'p-1' } } },
    ])
  })
})

describe('a payment of which nothing is recorded', () => {
  const less = { ...held, amountMinor: 499n }
  const dollars = { ...held, currency: 'USD' }
  const lessCaptured = { ...captured, amountMinor: 499n }
  const lessTwice = { ...capturedTwice, amountMinor: 499n }

  test.each<[string, typeof order | undefined, readonly ListedPayment[], readonly string[]]>([
    ['is learned when it is what the order costs', order, [held], ['learned-authorisation']],
    ['is voided when there is no such order', undefined, [held], ['foreign-voided']],
    ['is refunded when there is no such order', undefined, [captured], ['foreign-refunded']],
    ['is voided when the amount is another', order, [less], ['foreign-voided']],
    ['is voided when the currency is another', order, [dollars], ['foreign-voided']],
    ['is refunded when the amount is another', order, [lessCaptured], ['foreign-refunded']],
    [
      'is refunded for each capture',
      undefined,
      [lessTwice],
      ['foreign-refunded', 'foreign-refunded'],
    ],
    [
      'is returned whoever else has paid',
      undefined,
      [held, another],
      ['foreign-voided', 'foreign-voided'],
    ],
    [
      'is left for later when the order’s own is there, too',
      order,
      [less, another],
      ['learned-authorisation'],
    ],
    ['needs nothing when it was declined', undefined, [there('declined', 'declined')], []],
    ['needs nothing when it was voided already', undefined, [voided], []],
    ['needs nothing when it was refunded already', undefined, [refunded], []],
  ])('%s', (_, owed, listed, kinds) => {
    expect(planRepairs(unknown, listed, owed).map(({ kind }) => kind)).toEqual(kinds)
  })

  test('is returned by the provider’s operation, so that it is returned once', () => {
    expect(planRepairs(unknown, [lessCaptured], order)).toMatchObject([
      { surplus: { operationId: 'p-1 captured', outcome: 'refunded', amountMinor: 499n } },
    ])
  })
})
