import { fold } from '@tenseams/decider/decider'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type OrderCommand, type OrderEvent, type OrderState, orderDecider } from './order.ts'

/** The whole specification as a table: the state to which each command leads from each state, or why it is refused. */
const table = {
  unknown: {
    place: 'placed',
    pay: 'order-unknown',
    payLess: 'order-unknown',
    decline: 'order-unknown',
    cancel: 'order-unknown',
    ship: 'order-unknown',
    refund: 'order-unknown',
  },
  placed: {
    place: 'order-exists',
    pay: 'confirmed',
    payLess: 'amount-differs',
    decline: 'rejected',
    cancel: 'cancelled',
    ship: 'order-is-not-confirmed',
    refund: 'order-is-not-cancelled',
  },
  confirmed: {
    place: 'order-exists',
    pay: 'confirmed',
    payLess: 'order-is-confirmed',
    decline: 'order-is-confirmed',
    cancel: 'cancelled, paid',
    ship: 'completed',
    refund: 'order-is-not-cancelled',
  },
  rejected: {
    place: 'order-exists',
    pay: 'order-is-rejected',
    payLess: 'order-is-rejected',
    decline: 'rejected',
    cancel: 'order-is-rejected',
    ship: 'order-is-rejected',
    refund: 'order-is-not-cancelled',
  },
  cancelled: {
    place: 'order-exists',
    pay: 'cancelled',
    payLess: 'cancelled',
    decline: 'cancelled',
    cancel: 'order-is-cancelled',
    ship: 'cancelled',
    refund: 'payment-differs',
  },
  'cancelled, paid': {
    place: 'order-exists',
    pay: 'cancelled, paid',
    payLess: 'cancelled, paid',
    decline: 'cancelled, paid',
    cancel: 'order-is-cancelled',
    ship: 'cancelled, paid',
    refund: 'cancelled, refunded',
  },
  'cancelled, refunded': {
    place: 'order-exists',
    pay: 'cancelled, refunded',
    payLess: 'cancelled, refunded',
    decline: 'cancelled, refunded',
    cancel: 'order-is-cancelled',
    ship: 'cancelled, refunded',
    refund: 'cancelled, refunded',
  },
  completed: {
    place: 'order-exists',
    pay: 'completed',
    payLess: 'order-is-completed',
    decline: 'order-is-completed',
    cancel: 'order-is-completed',
    ship: 'completed',
    refund: 'order-is-not-cancelled',
  },
} as const

type Step = keyof (typeof table)['unknown']
type State = keyof typeof table

const lines = [{ sku: 'lamp-01', quantity: 2, priceMinor: 4_900n, shownMinor: 4_900n }]
const order = { customerId: 'c-1', currency: 'EUR', paymentMethod: 'card', lines }
const payment = { paymentId: 'p-1', amountMinor: 9_800n, currency: 'EUR' }

const commands: Readonly<Record<Step, OrderCommand>> = {
  place: { type: 'PlaceOrder', data: order },
  pay: { type: 'ConfirmOrder', data: payment },
  payLess: { type: 'ConfirmOrder', data: { ...payment, paymentId: 'p-2', amountMinor: 1n } },
  decline: { type: 'RejectOrder', data: { reason: 'payment-declined' } },
  cancel: { type: 'CancelOrder', data: { reason: 'mistake' } },
  ship: { type: 'CompleteOrder', data: { shipmentId: 's-1' } },
  refund: { type: 'RecordRefund', data: payment },
}

function nameOf(state: OrderState): State {
  if (state.status !== 'cancelled') return state.status
  if (state.refunded !== null) return 'cancelled, refunded'
  return state.cancelled.paymentId === null ? 'cancelled' : 'cancelled, paid'
}

const isState = (name: string): name is State => name in table

test('whatever is commanded in whatever order, the order follows the table', () => {
  const steps = fc.array(fc.constantFrom<Step>(...(Object.keys(commands) as Step[])), {
    maxLength: 14,
  })
  const seen = new Set<string>()
  const property = fc.property(steps, (taken) => {
    const history: OrderEvent[] = []
    for (const step of taken) {
      const before = fold(orderDecider, history)
      const expected: string = table[nameOf(before)][step]
      const decision = orderDecider.decide(commands[step], before)
      seen.add(`${nameOf(before)} ${step}`)
      if (decision.kind === 'refused') {
        expect(decision.refusal).toBe(expected)
        continue
      }
      expect(isState(expected)).toBe(true)
      history.push(...decision.events)
      expect(nameOf(fold(orderDecider, history))).toBe(expected)
      if (expected === nameOf(before)) expect(decision.events).toEqual([])
      else expect(decision.events).toHaveLength(1)
    }
    expectOneRefundOfItsPayment(history)
  })
  fc.assert(property, { seed: 20_261_123, numRuns: 6_000 })
  const cells = Object.values(table).flatMap((row) => Object.keys(row))
  expect(seen.size).toBe(cells.length)
})

/** Money is refunded at most once, and only that of a payment that had confirmed the order. */
function expectOneRefundOfItsPayment(history: readonly OrderEvent[]): void {
  const confirming = history.filter(({ type }) => type === 'OrderConfirmed').map(({ data }) => data)
  const refunds = history.filter(({ type }) => type === 'OrderRefunded').map(({ data }) => data)
  expect(refunds.length).toBeLessThanOrEqual(1)
  for (const payment of refunds) expect(confirming).toContainEqual(payment)
}
