import type { Payment, PaymentEvent } from './payment.ts'

/**
 * Where money is: with the customer, held at the provider for us, or ours. A balance is what an account was credited
 * minus what it was debited; the sum of all balances is always zero.
 */
export type Account = 'customer' | 'held' | 'merchant'

/** Money that moves from one account to another: it debits what it credits. */
export type Transfer = {
  readonly debit: Account
  readonly credit: Account
  readonly paymentId: string
  /** Always above zero: the reverse is a transfer of its own. */
  readonly amountMinor: bigint
  readonly currency: string
}

type Leg = readonly [debit: Account, credit: Account]

const authorise: Leg = ['customer', 'held']
const capture: Leg = ['held', 'merchant']
const voiding: Leg = ['held', 'customer']
const refund: Leg = ['merchant', 'customer']

/** The transfers of an event, in the order in which money moved. A surplus was taken and returned when it is recorded. */
export function transfersOf(event: PaymentEvent): readonly Transfer[] {
  switch (event.type) {
    case 'PaymentDeclined':
      return []
    case 'PaymentAuthorised':
      return transfers(event.data, authorise)
    case 'PaymentCaptured':
      return transfers(event.data, capture)
    case 'PaymentVoided':
      return transfers(event.data, voiding)
    case 'PaymentRefunded':
      return transfers(event.data, refund)
    case 'SurplusReturned':
      return event.data.outcome === 'voided'
        ? transfers(event.data, authorise, voiding)
        : transfers(event.data, authorise, capture, refund)
  }
}

function transfers(payment: Payment, ...legs: readonly Leg[]): readonly Transfer[] {
  const { paymentId, amountMinor, currency } = payment
  return legs.map(([debit, credit]) => ({ debit, credit, paymentId, amountMinor, currency }))
}

export type Entry = {
  readonly account: Account
  readonly side: 'debit' | 'credit'
  readonly paymentId: string
  readonly amountMinor: bigint
  readonly currency: string
}

/** A transfer as the ledger stores it: two entries. */
export function entriesOf(transfer: Transfer): readonly Entry[] {
  const { debit, credit, ...money } = transfer
  return [
    { ...money, account: debit, side: 'debit' },
    { ...money, account: credit, side: 'credit' },
  ]
}
