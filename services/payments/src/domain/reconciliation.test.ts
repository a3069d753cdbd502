import { describe, expect, test } from 'vitest'
import type { Payment, PaymentState } from './payment.ts'
import { type ListedPayment, planMending } from './reconciliation.ts'

const payment = { paymentId: 'p-1', method: 'card', amountMinor: 500n, currency: 'EUR' }

const here = (
  status: Extract<PaymentState, { payment: Payment }>['status'],
  ...returned: readonly string[]
): PaymentState => ({ status, payment, returned })

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
const taken = there('authorised captured', 'captured')
const freed = there('authorised voided', 'voided')
const givenBack = there('authorised captured refunded', 'refunded')
const takenTwice = there('authorised captured captured2', 'captured')
const oneGivenBack = there('authorised captured captured2 refunded', 'captured')
const another = there('authorised', 'authorised', 'p-2')
const anotherTaken = there('authorised captured', 'captured', 'p-2')

describe('the books', () => {
  test.each<[string, PaymentState, readonly ListedPayment[], readonly string[]]>([
    ['agree on nothing', unknown, [], []],
    ['agree on a decline', declined, [there('declined', 'declined')], []],
    ['agree on what is held', here('authorised'), [held], []],
    ['agree on what was taken', here('captured'), [taken], []],
    ['agree on what was freed', here('voided'), [freed], []],
    ['agree on what was given back', here('refunded'), [givenBack], []],
    ['agree when a surplus is settled', here('captured', 'p-1 captured2'), [oneGivenBack], []],
    ['lack an authorisation of ours', unknown, [held], ['learned-authorisation']],
    ['lack a capture of ours', here('authorised'), [taken], ['learned-capture']],
    ['lack a void of ours', here('authorised'), [freed], ['learned-void']],
    ['lack a refund of ours', here('captured'), [givenBack], ['learned-refund']],
    ['lack capture and refund of ours', here('authorised'), [givenBack], ['learned-refund']],
    ['lack a capture of theirs', here('captured'), [held], ['repeated-capture']],
    ['lack a void of theirs', here('voided'), [held], ['repeated-void']],
    ['lack a refund of theirs', here('refunded'), [taken], ['repeated-refund']],
    ['lack our payment there', here('captured'), [], ['unmendable']],
    ['contradict each other', here('captured'), [freed], ['unmendable']],
    ['hold a second payment', here('captured'), [taken, another], ['surplus-voided']],
    ['have taken a second payment', here('captured'), [taken, anotherTaken], ['surplus-refunded']],
    ['hold money of a declined order', declined, [another], ['surplus-voided']],
    ['have captured twice', here('captured'), [takenTwice], ['surplus-refunded']],
    ['have captured what is void', here('voided'), [taken], ['surplus-refunded']],
    ['settle a surplus before refunds', here('captured'), [oneGivenBack], ['surplus-refunded']],
    [
      'lack a refund of theirs beside a settled surplus',
      here('refunded', 'p-1 captured2'),
      [oneGivenBack],
      ['repeated-refund'],
    ],
    [
      'hold a second payment that was given back already',
      here('captured', 'p-2 authorised'),
      [taken, there('authorised voided', 'voided', 'p-2')],
      [],
    ],
  ])('%s', (_, state, listed, kinds) => {
    expect(planMending(state, listed).map(({ kind }) => kind)).toEqual(kinds)
  })

  test('learn the payment that took money, when there are two', () => {
    expect(planMending(unknown, [another, taken])).toMatchObject([
      { record: { data: { paymentId: 'p-1' } } },
    ])
  })
})
