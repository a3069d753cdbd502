import { fold } from '@tenseams/decider/decider'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type OrderCommand, type OrderEvent, type OrderState, orderDecider } from './order.ts'

/** What a client could write on a napkin: where each command leads from each state, or why it does not. */
const table = {
  unknown: {
    place: 'placed',
    pay: 'order-unknown',
    payLess: 'order-unknown',
    decline: 'order-unknown',
    cancel: 'order-unknown',
    ship: 'order-unknown',
  },
  placed: {
    place: 'order-exists',
    pay: 'confirmed',
    payLess: 'amount-differs',
    decline: 'rejected',
    cancel: 'cancelled',
    ship: 'order-is-not-confirmed',
  },
  confirmed: {
    place: 'order-exists',
    pay: 'confirmed',
    payLess: 'order-is-confirmed',
    decline: 'order-is-confirmed',
    cancel: 'cancelled, refund due',
    ship: 'completed',
  },
  rejected: {
    place: 'order-exists',
    pay: 'order-is-rejected',
    payLess: 'order-is-rejected',
    decline: 'rejected',
    cancel: 'order-is-rejected',
    ship: 'order-is-rejected',
  },
  cancelled: {
    place: 'order-exists',
    pay: 'cancelled, refund due',
    payLess: 'amount-differs',
    decline: 'cancelled',
    cancel: 'order-is-cancelled',
    ship: 'order-is-cancelled',
  },
  'cancelled, refund due': {
    place: 'order-exists',
    pay: 'cancelled, refund due',
    payLess: 'order-is-cancelled',
    decline: 'order-is-cancelled',
    cancel: 'order-is-cancelled',
    ship: 'order-is-cancelled',
  },
  completed: {
    place: 'order-exists',
    pay: 'completed',
    payLess: 'order-is-completed',
    decline: 'order-is-completed',
    cancel: 'order-is-completed',
    ship: 'completed',
  },
} as const

type Step = keyof (typeof table)['unknown']
type State = keyof typeof table

const lines = [{ sku: 'lamp-01', quantity: 2, priceMinor: 4_900n }]
const order = { customerId: 'c-1', currency: 'EUR', paymentMethod: 'card', lines }
const payment = { paymentId: 'p-1', amountMinor: 9_800n, currency: 'EUR' }

const commands: Readonly<Record<Step, OrderCommand>> = {
  place: { type: 'PlaceOrder', data: order },
  pay: { type: 'ConfirmOrder', data: payment },
  payLess: { type: 'ConfirmOrder', data: { ...payment, paymentId: 'p-2', amountMinor: 1n } },
  decline: { type: 'RejectOrder', data: { reason: 'payment-declined' } },
  cancel: { type: 'CancelOrder', data: { reason: 'mistake' } },
  ship: { type: 'CompleteOrder', data: { shipmentId: 's-1' } },
}

const nameOf = (state: OrderState): State =>
  state.status === 'cancelled' && state.refundDue ? 'cancelled, refund due' : state.status

const isState = (name: string): name is State => name in table

test('whatever is commanded in whatever order, an order goes as the table says', () => {
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
    owesWhatItTook(history)
  })
  fc.assert(property, { seed: 20_261_123, numRuns: 2_000 })
  const cells = Object.values(table).flatMap((row) => Object.keys(row))
  expect(seen.size).toBe(cells.length)
})

/** At the end of a cancelled order the last word about the money is true. */
function owesWhatItTook(history: readonly OrderEvent[]): void {
  const last = history.at(-1)
  if (last?.type !== 'OrderCancelled') return
  const wasPaid = history.some(({ type }) => type === 'OrderConfirmed')
  if (wasPaid) expect(last.data).toMatchObject({ refundDue: true, paymentId: 'p-1' })
  if (!last.data.refundDue) expect(last.data.paymentId).toBeNull()
}
