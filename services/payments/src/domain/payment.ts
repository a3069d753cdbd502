import { accept, type Decider, refuse } from '@tenseams/decider/decider'

// Events

export type PaymentEvent =
  | { readonly type: 'PaymentCaptured'; readonly data: PaymentCaptured }
  | { readonly type: 'PaymentDeclined'; readonly data: PaymentDeclined }

export type PaymentCaptured = {
  /** The provider's reference. */
  readonly paymentId: string
  readonly method: string
  readonly amountMinor: bigint
  readonly currency: string
}

export type PaymentDeclined = { readonly method: string; readonly reason: string }

// Commands

/** What the provider has answered for an order, as it is to be recorded. */
export type PaymentCommand =
  | { readonly type: 'RecordCapture'; readonly data: PaymentCaptured }
  | { readonly type: 'RecordDecline'; readonly data: PaymentDeclined }

/** The provider has contradicted itself for one order. */
export type PaymentRefusal = 'payment-was-captured' | 'payment-was-declined' | 'captured-twice'

// State

export type PaymentState =
  | { readonly status: 'unknown' }
  | { readonly status: 'captured'; readonly captured: PaymentCaptured }
  | { readonly status: 'declined'; readonly declined: PaymentDeclined }

export function evolve(_state: PaymentState, event: PaymentEvent): PaymentState {
  switch (event.type) {
    case 'PaymentCaptured':
      return { status: 'captured', captured: event.data }
    case 'PaymentDeclined':
      return { status: 'declined', declined: event.data }
  }
}

function decide(command: PaymentCommand, state: PaymentState) {
  switch (command.type) {
    case 'RecordCapture':
      return capture(command.data, state)
    case 'RecordDecline':
      return decline(command.data, state)
  }
}

function capture(captured: PaymentCaptured, state: PaymentState) {
  switch (state.status) {
    case 'unknown':
      return accept<PaymentEvent>({ type: 'PaymentCaptured', data: captured })
    case 'captured':
      return state.captured.paymentId === captured.paymentId
        ? accept<PaymentEvent>()
        : refuse<PaymentRefusal>('captured-twice')
    case 'declined':
      return refuse<PaymentRefusal>('payment-was-declined')
  }
}

function decline(declined: PaymentDeclined, state: PaymentState) {
  switch (state.status) {
    case 'unknown':
      return accept<PaymentEvent>({ type: 'PaymentDeclined', data: declined })
    case 'captured':
      return refuse<PaymentRefusal>('payment-was-captured')
    case 'declined':
      return accept<PaymentEvent>()
  }
}

/** One payment an order: the stream's id is the order's, so a second capture cannot even be written down. */
export const paymentDecider: Decider<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal> = {
  initialState: { status: 'unknown' },
  evolve,
  decide,
}
