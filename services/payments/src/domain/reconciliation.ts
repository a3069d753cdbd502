import type { Payment, PaymentCommand, PaymentState, Surplus } from './payment.ts'

/** A payment as the provider's books show it. */
export type ListedPayment = Omit<Payment, 'amountMinor'> & {
  readonly amountMinor: bigint
  readonly status: string
  /** In the order in which they were done. */
  readonly operations: readonly { readonly operationId: string; readonly kind: string }[]
}

/** What an order costs, as the orders service says it. */
export type OwedOrder = { readonly amountMinor: bigint; readonly currency: string }

export const repairKinds = [
  'learned-authorisation',
  'learned-capture',
  'learned-void',
  'learned-refund',
  'repeated-capture',
  'repeated-void',
  'repeated-refund',
  'surplus-voided',
  'surplus-refunded',
  'foreign-voided',
  'foreign-refunded',
  'unrepairable',
] as const

export type RepairKind = (typeof repairKinds)[number]

type Return = Extract<PaymentCommand, { type: 'RecordReturn' }>
type Learned = Exclude<PaymentCommand, { type: 'RecordReturn' | 'RecordDecline' }>

/** One difference between the books, and what makes them equal: at the provider first, then in ours. */
export type Repair = { readonly kind: RepairKind } & (
  | { readonly move: 'none'; readonly record: Learned }
  | { readonly move: 'capture' | 'void' | 'refund'; readonly payment: Payment }
  | { readonly move: 'return'; readonly record: Return }
  /** Of no order, or of another amount: it is returned and reported, and no order is credited with it. */
  | { readonly move: 'return-foreign'; readonly surplus: Surplus }
  /** The provider does not have it, or contradicts it: for a person. */
  | { readonly move: 'report'; readonly payment: Payment }
)

/**
 * What differs between our record of an order's payment and the provider's books.
 *
 * - While nothing is recorded, a payment is learned only if it is what its order costs. Any other is foreign and is
 *   returned, so that the order can still be paid.
 * - A second payment or a second capture at the provider is a surplus, and is returned. Until that is done refunds are
 *   not compared: one refund of two captures may belong to either.
 * - What the provider did to the order's payment and we have not recorded is learned.
 * - What we have recorded and the provider does not show is repeated there, under its own key.
 *
 * @param order undefined when there is no such order; it matters only while nothing is recorded.
 */
export function planRepairs(
  state: PaymentState,
  listed: readonly ListedPayment[],
  order: OwedOrder | undefined,
): readonly Repair[] {
  const taken = listed.filter(({ status }) => status !== 'declined')
  if (state.status === 'unknown') {
    const own = taken.filter((payment) => pays(payment, order))
    return own.length > 0 ? learnPayment(own) : taken.flatMap(returnForeign)
  }
  const surplus = taken
    .flatMap((payment) => surplusOf(payment, state))
    .filter(({ record }) => !state.returned.includes(record.data.operationId))
  if (surplus.length > 0 || !('payment' in state)) return surplus
  const { payment } = state
  const there = taken.find(({ paymentId }) => paymentId === payment.paymentId)
  return compare(state, there)
}

function pays({ amountMinor, currency }: ListedPayment, order: OwedOrder | undefined): boolean {
  return amountMinor === order?.amountMinor && currency === order.currency
}

/** What the provider still has of it: each capture that is not refunded, or what is held. */
function returnForeign(payment: ListedPayment): readonly Repair[] {
  const { status, operations, paymentId, method, amountMinor, currency } = payment
  if (status !== 'authorised' && status !== 'captured') return []
  const outcome = status === 'authorised' ? 'voided' : 'refunded'
  const taken = operations.filter(({ kind }) => kind === status)
  return taken.map(({ operationId }) => ({
    kind: `foreign-${outcome}`,
    move: 'return-foreign',
    surplus: { operationId, outcome, paymentId, method, amountMinor, currency },
  }))
}

/** The order's payment is the captured one, or else the first that holds money. The next look learns what became of it. */
function learnPayment(taken: readonly ListedPayment[]): readonly Repair[] {
  const first = taken.find(({ status }) => status === 'captured') ?? taken[0]
  if (first === undefined) return []
  const { paymentId, method, amountMinor, currency } = first
  const data = { paymentId, method, amountMinor, currency }
  const record: Learned = { type: 'RecordAuthorisation', data }
  return [{ kind: 'learned-authorisation', move: 'none', record }]
}

/** The captures that an order does not owe; of another payment that was not captured, its authorisation. */
function surplusOf(
  { operations, paymentId, method, amountMinor, currency }: ListedPayment,
  state: PaymentState,
) {
  const isOwn = 'payment' in state && state.payment.paymentId === paymentId
  const captures = operations.filter(({ kind }) => kind === 'captured')
  const owed = isOwn && state.status !== 'voided' ? 1 : 0
  const held = isOwn || captures.length > 0 ? [] : operations.slice(0, 1)
  const returnAs = (outcome: 'voided' | 'refunded') =>
    function repairOf({ operationId }: { readonly operationId: string }) {
      const data = { operationId, outcome, paymentId, method, amountMinor, currency }
      const record: Return = { type: 'RecordReturn', data }
      return { kind: `surplus-${outcome}`, move: 'return', record } as const
    }
  return [...captures.slice(owed).map(returnAs('refunded')), ...held.map(returnAs('voided'))]
}

type Paid = Extract<PaymentState, { payment: Payment }>

function compare(
  { status, payment, returned }: Paid,
  there: ListedPayment | undefined,
): readonly Repair[] {
  const shown = there === undefined ? 'missing' : shownOf(there, returned)
  if (shown === status) return []
  switch (`${status} here, ${shown} there`) {
    case 'authorised here, captured there':
      return learn('learned-capture', { type: 'RecordCapture', data: payment })
    case 'authorised here, voided there':
      return learn('learned-void', { type: 'RecordVoid', data: payment })
    case 'authorised here, refunded there':
    case 'captured here, refunded there':
      return learn('learned-refund', { type: 'RecordRefund', data: payment })
    case 'captured here, authorised there':
      return [{ kind: 'repeated-capture', move: 'capture', payment }]
    case 'voided here, authorised there':
    case 'refunded here, authorised there':
      return [{ kind: 'repeated-void', move: 'void', payment }]
    case 'refunded here, captured there':
      return [{ kind: 'repeated-refund', move: 'refund', payment }]
    case 'voided here, captured there':
    case 'voided here, refunded there':
      // Its captures were a surplus, and are returned.
      return []
    default:
      return [{ kind: 'unrepairable', move: 'report', payment }]
  }
}

const learn = (kind: RepairKind, record: Learned): readonly Repair[] => [
  { kind, move: 'none', record },
]

/** The state of the order's own capture at the provider, without the refunds that returned a surplus. */
function shownOf({ status, operations }: ListedPayment, returned: readonly string[]): string {
  const captures = operations.filter(({ kind }) => kind === 'captured')
  if (captures.length === 0) return status
  const refunds = operations.filter(({ kind }) => kind === 'refunded').length
  const ofOthers = captures.filter(({ operationId }) => returned.includes(operationId)).length
  return refunds > ofOthers ? 'refunded' : 'captured'
}
