import { expect, test } from 'vitest'
import { type PaymentCommand, type PaymentState, paymentDecider } from './payment.ts'

// Why rows of the inbox may be removed: the state of the payment itself recognises what was recorded.

const data = { paymentId: 'p-1', method: 'card', amountMinor: 500n, currency: 'EUR' }
const surplus = { ...data, paymentId: 'p-2', operationId: 'o-1', outcome: 'refunded' }

const commands: readonly PaymentCommand[] = [
  { type: 'RecordAuthorisation', data },
  { type: 'RecordDecline', data: { method: 'card', reason: 'no-money' } },
  { type: 'RecordCapture', data },
  { type: 'RecordVoid', data },
  { type: 'RecordRefund', data },
  { type: 'RecordReturn', data: surplus },
]

type History = { readonly state: PaymentState; readonly accepted: readonly PaymentCommand[] }

/** Every history of accepted commands, up to that many. */
function histories(length: number): readonly History[] {
  let newest: readonly History[] = [{ state: paymentDecider.initialState, accepted: [] }]
  const all = [...newest]
  for (let step = 1; step <= length; step += 1) {
    newest = newest.flatMap(({ state, accepted }) =>
      commands.flatMap((command) => {
        const decision = paymentDecider.decide(command, state)
        if (decision.kind === 'refused') return []
        const next = decision.events.reduce(paymentDecider.evolve, state)
        return [{ state: next, accepted: [...accepted, command] }]
      }),
    )
    all.push(...newest)
  }
  return all
}

test('what was recorded of a payment changes nothing when it is recorded again after anything, also without an inbox', () => {
  let repeated = 0
  for (const { state, accepted } of histories(5)) {
    for (const command of accepted) {
      const decision = paymentDecider.decide(command, state)
      expect({ command: command.type, state: state.status, ...decision }).toMatchObject({
        kind: 'accepted',
        events: [],
      })
      repeated += 1
    }
  }
  expect(repeated).toBeGreaterThan(100)
})
