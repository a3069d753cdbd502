import { expect, test } from 'vitest'
import { type OrderCommand, type OrderState, orderDecider } from './order.ts'

// Why rows of the inbox may be removed: the state of the order itself recognises what it has consumed.

const payment = { paymentId: 'p-1', amountMinor: 500n, currency: 'EUR' }
const line = { sku: 'mug-04', quantity: 1, shownMinor: 500n, priceMinor: 500n }
const order = { customerId: 'c-1', currency: 'EUR', paymentMethod: 'card', lines: [line] }

/** What consumed events command. */
const consumed: readonly OrderCommand[] = [
  { type: 'ConfirmOrder', data: payment },
  { type: 'RejectOrder', data: { reason: 'no-money' } },
  { type: 'RecordRefund', data: payment },
  { type: 'CompleteOrder', data: { shipmentId: 's-1' } },
]
const requested: readonly OrderCommand[] = [
  { type: 'PlaceOrder', data: order },
  { type: 'CancelOrder', data: { reason: 'changed-mind' } },
]

type History = { readonly state: OrderState; readonly accepted: readonly OrderCommand[] }

/** Every history of accepted commands, up to that many. */
function histories(length: number): readonly History[] {
  let newest: readonly History[] = [{ state: orderDecider.initialState, accepted: [] }]
  const all = [...newest]
  for (let step = 1; step <= length; step += 1) {
    newest = newest.flatMap(({ state, accepted }) =>
      [...consumed, ...requested].flatMap((command) => {
        const decision = orderDecider.decide(command, state)
        if (decision.kind === 'refused') return []
        const next = decision.events.reduce(orderDecider.evolve, state)
        return [{ state: next, accepted: [...accepted, command] }]
      }),
    )
    all.push(...newest)
  }
  return all
}

test('what an order has consumed changes nothing when it comes again after anything, also without an inbox', () => {
  let redelivered = 0
  for (const { state, accepted } of histories(7)) {
    for (const command of accepted.filter((each) => consumed.includes(each))) {
      const decision = orderDecider.decide(command, state)
      expect({ command: command.type, state: state.status, ...decision }).toMatchObject({
        kind: 'accepted',
        events: [],
      })
      redelivered += 1
    }
  }
  expect(redelivered).toBeGreaterThan(100)
})
