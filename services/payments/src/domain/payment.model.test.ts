import { fold } from '@tenseams/decider/decider'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Account, entriesOf, transfersOf } from './ledger.ts'
import { type PaymentCommand, type PaymentEvent, paymentDecider } from './payment.ts'

/** The state to which each answer of the provider leads from each state, or why it is refused. */
const table = {
  unknown: {
    authorise: 'authorised',
    authoriseAgain: 'authorised',
    decline: 'declined',
    capture: 'payment-is-unknown',
    captureLess: 'payment-is-unknown',
    void: 'payment-is-unknown',
    refund: 'payment-is-unknown',
    returnSurplus: 'payment-is-unknown',
  },
  authorised: {
    authorise: 'authorised',
    authoriseAgain: 'paid-by-another',
    decline: 'payment-is-authorised',
    capture: 'captured',
    captureLess: 'amount-differs',
    void: 'voided',
    refund: 'refunded',
    returnSurplus: 'authorised',
  },
  declined: {
    authorise: 'payment-is-declined',
    authoriseAgain: 'payment-is-declined',
    decline: 'declined',
    capture: 'payment-is-declined',
    captureLess: 'payment-is-declined',
    void: 'payment-is-declined',
    refund: 'payment-is-declined',
    returnSurplus: 'declined',
  },
  captured: {
    authorise: 'captured',
    authoriseAgain: 'paid-by-another',
    decline: 'payment-is-captured',
    capture: 'captured',
    captureLess: 'amount-differs',
    void: 'payment-is-captured',
    refund: 'refunded',
    returnSurplus: 'captured',
  },
  voided: {
    authorise: 'voided',
    authoriseAgain: 'paid-by-another',
    decline: 'payment-is-voided',
    capture: 'payment-is-voided',
    captureLess: 'amount-differs',
    void: 'voided',
    refund: 'payment-is-voided',
    returnSurplus: 'voided',
  },
  refunded: {
    authorise: 'refunded',
    authoriseAgain: 'paid-by-another',
    decline: 'payment-is-refunded',
    capture: 'refunded',
    captureLess: 'amount-differs',
    void: 'payment-is-refunded',
    refund: 'refunded',
    returnSurplus: 'refunded',
  },
} as const

type Step = keyof (typeof table)['unknown']

const payment = { paymentId: 'p-1', method: 'card', amountMinor: 500n, currency: 'EUR' }
const surplus = { ...payment, operationId: 'o-9', outcome: 'refunded' }

const commands: Readonly<Record<Step, PaymentCommand>> = {
  authorise: { type: 'RecordAuthorisation', data: payment },
  authoriseAgain: { type: 'RecordAuthorisation', data: { ...payment, paymentId: 'p-2' } },
  decline: { type: 'RecordDecline', data: { method: 'card', reason: 'insufficient-funds' } },
  capture: { type: 'RecordCapture', data: payment },
  captureLess: { type: 'RecordCapture', data: { ...payment, amountMinor: 1n } },
  void: { type: 'RecordVoid', data: payment },
  refund: { type: 'RecordRefund', data: payment },
  returnSurplus: { type: 'RecordReturn', data: surplus },
}

/** The table is about the order's first payment, so no history begins with the second one. */
const opening: Step = 'authoriseAgain'
const steps = fc
  .array(fc.constantFrom<Step>(...(Object.keys(commands) as Step[])), { maxLength: 12 })
  .filter((taken) => !begins(taken, opening))

function begins(taken: readonly Step[], step: Step): boolean {
  return taken.find((one) => /^(?:authorise|decline)/.test(one)) === step
}

/** The history to which these steps lead; `onStep` gets each step with its result. */
function historyOf(taken: readonly Step[], onStep?: OnStep): readonly PaymentEvent[] {
  const history: PaymentEvent[] = []
  for (const step of taken) {
    const before = fold(paymentDecider, history)
    const decision = paymentDecider.decide(commands[step], before)
    if (decision.kind === 'accepted') history.push(...decision.events)
    const found = decision.kind === 'refused' ? decision.refusal : statusOf(history)
    onStep?.(before.status, step, found)
  }
  return history
}

type OnStep = (before: keyof typeof table, step: Step, found: string) => void

const statusOf = (history: readonly PaymentEvent[]) => fold(paymentDecider, history).status

test('whatever the provider answers in whatever order, the payment follows the table', () => {
  const seen = new Set<string>()
  const property = fc.property(steps, (taken) => {
    const history = historyOf(taken, (before, step, found) => {
      seen.add(`${before} ${step}`)
      expect(found).toBe(table[before][step])
    })
    const types = history.map(({ type }) => type)
    expect(new Set(types).size).toBe(types.length)
  })
  fc.assert(property, { seed: 20_261_123, numRuns: 6_000 })
  const cells = Object.values(table).flatMap((row) => Object.keys(row))
  // The one cell that the steps leave out.
  expect(seen.size).toBe(cells.length - 1)
})

describe('the ledger of any payment', () => {
  const amountOf = (history: readonly PaymentEvent[], type: string): bigint =>
    history.filter((event) => event.type === type).length === 0 ? 0n : payment.amountMinor

  test('debits in each transfer what it credits', () => {
    const property = fc.property(steps, (taken) => {
      for (const transfer of historyOf(taken).flatMap(transfersOf)) {
        const entries = entriesOf(transfer)
        expect(balanceOf(entries)).toBe(0n)
        expect(new Set(entries.map(({ account }) => account)).size).toBe(2)
        expect(transfer.amountMinor).toBeGreaterThan(0n)
      }
    })
    fc.assert(property, { seed: 20_261_123, numRuns: 1_000 })
  })

  test('holds nothing when the payment is over, and keeps what was captured and not refunded', () => {
    const property = fc.property(steps, (taken) => {
      const history = historyOf(taken)
      const entries = history.flatMap(transfersOf).flatMap(entriesOf)
      const balance = (account: Account) =>
        balanceOf(entries.filter((entry) => entry.account === account))
      const kept = amountOf(history, 'PaymentCaptured') - amountOf(history, 'PaymentRefunded')
      expect(balance('merchant')).toBe(kept)
      expect(balance('held')).toBe(statusOf(history) === 'authorised' ? payment.amountMinor : 0n)
      expect(balance('customer')).toBe(-balance('merchant') - balance('held'))
    })
    fc.assert(property, { seed: 20_261_123, numRuns: 1_000 })
  })
})

function balanceOf(entries: ReturnType<typeof entriesOf>): bigint {
  return entries.reduce(
    (sum, { side, amountMinor }) => (side === 'credit' ? sum + amountMinor : sum - amountMinor),
    0n,
  )
}
