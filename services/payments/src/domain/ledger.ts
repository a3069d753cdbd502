import type { Payment, PaymentEvent } from './payment.ts'

/**
 * Where money lies: with the customer, held at the provider for us, or ours. A balance is what an account was credited
 * less what it was debited; all of them together are always zero.
 */
export type Account = 'customer' | 'held' | 'merchant'

/** Money on its way from one account to another: it debits what it credits. */
export type Transfer = {
  readonly debit: Account
  readonly credit: Account
  readonly paymentId: string
  /** Always above zero: the way back is a transfer of its own. */
  readonly amountMinor: bigint
  readonly currency: string
}

type Leg = readonly [debit: Account, credit: Account]

const authorise: Leg = ['customer', 'held']
const capture: Leg = ['held', 'merchant']
const release: Leg = ['held', 'customer']
const refund: Leg = ['merchant', 'customer']

/** What an event says of money, in the order in which it moved. A surplus has come and gone when it is recorded. */
export function transfersOf(event: PaymentEvent): readonly Transfer[] {
  switch (event.type) {
    case 'PaymentDeclined':
      return []
    case 'PaymentAuthorised':
      return transfers(event.data, authorise)
    case 'PaymentCaptured':
      return transfers(event.data, capture)
    case 'PaymentVoided':
      return transfers(event.data, release)
    case 'PaymentRefunded':
      return transfers(event.data, refund)
    case 'SurplusReturned':
      return event.data.outcome === 'voided'
        ? transfers(event.data, authorise, release)
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

/** A transfer as it stands in the ledger: two entries. */
export function entriesOf(transfer: Transfer): readonly Entry[] {
  const { debit, credit, ...money } = transfer
  return [
    { ...money, account: debit, side: 'debit' },
    { ...money, account: credit, side: 'credit' },
  ]
}
