import { accept, type Decider, type Decision, refuse } from '@tenseams/decider/decider'

// Events

export type PaymentEvent =
  | { readonly type: 'PaymentAuthorised'; readonly data: Payment }
  | { readonly type: 'PaymentDeclined'; readonly data: PaymentDeclined }
  | { readonly type: 'PaymentCaptured'; readonly data: Payment }
  | { readonly type: 'PaymentVoided'; readonly data: Payment }
  | { readonly type: 'PaymentRefunded'; readonly data: Payment }
  | { readonly type: 'SurplusReturned'; readonly data: Surplus }

export type Payment = {
  /** The provider's reference. */
  readonly paymentId: string
  readonly method: string
  readonly amountMinor: bigint
  readonly currency: string
}

export type PaymentDeclined = { readonly method: string; readonly reason: string }

/** Money that the provider took in addition to the order's one payment: a second payment, or a second capture. */
export type Surplus = Payment & {
  /** The operation of the provider that was too much. */
  readonly operationId: string
  /** `voided` when the money was only held, `refunded` when it was captured. */
  readonly outcome: string
}

// Commands

/** What the provider did for an order, as it is to be recorded. */
export type PaymentCommand =
  | { readonly type: 'RecordAuthorisation'; readonly data: Payment }
  | { readonly type: 'RecordDecline'; readonly data: PaymentDeclined }
  | { readonly type: 'RecordCapture'; readonly data: Payment }
  | { readonly type: 'RecordVoid'; readonly data: Payment }
  | { readonly type: 'RecordRefund'; readonly data: Payment }
  | { readonly type: 'RecordReturn'; readonly data: Surplus }

/** Why a command is not recorded. */
export type PaymentRefusal =
  | 'payment-is-unknown'
  | 'payment-is-authorised'
  | 'payment-is-declined'
  | 'payment-is-captured'
  | 'payment-is-voided'
  | 'payment-is-refunded'
  | 'paid-by-another'
  | 'amount-differs'
  | 'no-surplus'

export type PaymentDecision = Decision<PaymentEvent, PaymentRefusal>

// State

export type PaymentState = {
  /** Ids of the provider's operations that were too much and are returned. */
  readonly returned: readonly string[]
} & (
  | { readonly status: 'unknown' }
  | { readonly status: 'declined' }
  | ({ readonly payment: Payment } & {
      readonly status: 'authorised' | 'captured' | 'voided' | 'refunded'
    })
)

export function evolve(state: PaymentState, event: PaymentEvent): PaymentState {
  const { returned } = state
  switch (event.type) {
    case 'PaymentAuthorised':
      return { status: 'authorised', payment: event.data, returned }
    case 'PaymentDeclined':
      return { status: 'declined', returned }
    case 'PaymentCaptured':
      return { status: 'captured', payment: event.data, returned }
    case 'PaymentVoided':
      return { status: 'voided', payment: event.data, returned }
    case 'PaymentRefunded':
      return { status: 'refunded', payment: event.data, returned }
    case 'SurplusReturned':
      return { ...state, returned: [...returned, event.data.operationId] }
  }
}

function decide(command: PaymentCommand, state: PaymentState): PaymentDecision {
  switch (command.type) {
    case 'RecordAuthorisation':
      return authorise(command.data, state)
    case 'RecordDecline':
      return decline(command.data, state)
    case 'RecordReturn':
      return returnSurplus(command.data, state)
    default:
      return proceed(command, state)
  }
}

function authorise(payment: Payment, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'unknown':
      return accept({ type: 'PaymentAuthorised', data: payment })
    case 'declined':
      return refuse('payment-is-declined')
    default:
      return refusalOf(payment, state.payment) ?? accept()
  }
}

function decline(declined: PaymentDeclined, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'unknown':
      return accept({ type: 'PaymentDeclined', data: declined })
    case 'declined':
      return accept()
    default:
      return refuse<PaymentRefusal>(`payment-is-${state.status}`)
  }
}

/** Capture, void and refund of the order's own payment. */
function proceed(
  command: Extract<PaymentCommand, { type: 'RecordCapture' | 'RecordVoid' | 'RecordRefund' }>,
  state: PaymentState,
): PaymentDecision {
  if (!('payment' in state)) return refuse<PaymentRefusal>(`payment-is-${state.status}`)
  const refusal = refusalOf(command.data, state.payment)
  if (refusal !== undefined) return refusal
  switch (command.type) {
    case 'RecordCapture':
      return capture(command.data, state.status)
    case 'RecordVoid':
      return voidHeld(command.data, state.status)
    case 'RecordRefund':
      return refund(command.data, state.status)
  }
}

type Paid = Extract<PaymentState, { payment: Payment }>['status']

function capture(data: Payment, status: Paid): PaymentDecision {
  if (status === 'voided') return refuse('payment-is-voided')
  return status === 'authorised' ? accept({ type: 'PaymentCaptured', data }) : accept()
}

function voidHeld(data: Payment, status: Paid): PaymentDecision {
  if (status === 'voided') return accept()
  if (status === 'authorised') return accept({ type: 'PaymentVoided', data })
  return refuse<PaymentRefusal>(`payment-is-${status}`)
}

function refund(data: Payment, status: Paid): PaymentDecision {
  switch (status) {
    case 'voided':
      return refuse('payment-is-voided')
    case 'refunded':
      return accept()
    case 'captured':
      return accept({ type: 'PaymentRefunded', data })
    case 'authorised':
      // It must have been captured, or there would be nothing to refund: the record of the capture comes later.
      return accept({ type: 'PaymentCaptured', data }, { type: 'PaymentRefunded', data })
  }
}

/** A surplus is returned whatever the state of the order's payment is, but that payment itself is no surplus. */
function returnSurplus(surplus: Surplus, state: PaymentState): PaymentDecision {
  if (state.status === 'unknown') return refuse('payment-is-unknown')
  if (state.returned.includes(surplus.operationId)) return accept()
  const isOwn = 'payment' in state && state.payment.paymentId === surplus.paymentId
  if (isOwn && surplus.outcome === 'voided') return refuse('no-surplus')
  return accept({ type: 'SurplusReturned', data: surplus })
}

function refusalOf(payment: Payment, recorded: Payment): PaymentDecision | undefined {
  if (payment.paymentId !== recorded.paymentId) return refuse('paid-by-another')
  const { amountMinor, currency } = recorded
  const isSame = payment.amountMinor === amountMinor && payment.currency === currency
  return isSame ? undefined : refuse('amount-differs')
}

/**
 * The payment of an order. The stream's id is the order's, so a second payment of the order cannot be recorded.
 *
 *     unknown ──authorise──▶ authorised ──capture──▶ captured ──refund──▶ refunded
 *        └─────decline────▶ declined  └─────void─────▶ voided
 *
 * A repeated answer of the provider changes nothing; one that contradicts the state is refused with a reason. A surplus
 * can be returned in every state but the first.
 */
export const paymentDecider: Decider<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal> = {
  initialState: { status: 'unknown', returned: [] },
  evolve,
  decide,
}
