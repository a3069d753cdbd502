import { accept, type Decider, refuse } from '@tenseams/decider/decider'

// Events

export type OrderEvent =
  | { readonly type: 'OrderPlaced'; readonly data: OrderPlaced }
  | { readonly type: 'OrderConfirmed'; readonly data: OrderConfirmed }
  | { readonly type: 'OrderRejected'; readonly data: OrderRejected }

export type OrderLine = {
  readonly sku: string
  readonly quantity: number
  /** For one piece, in minor units of the order's currency. */
  readonly priceMinor: bigint
}

export type OrderPlaced = {
  readonly customerId: string
  readonly currency: string
  readonly totalMinor: bigint
  readonly paymentMethod: string
  readonly lines: readonly OrderLine[]
}

export type OrderConfirmed = {
  readonly paymentId: string
  readonly amountMinor: bigint
  readonly currency: string
}

export type OrderRejected = { readonly reason: string }

// Commands

export type OrderCommand =
  | { readonly type: 'PlaceOrder'; readonly data: Omit<OrderPlaced, 'totalMinor'> }
  | { readonly type: 'ConfirmOrder'; readonly data: OrderConfirmed }
  | { readonly type: 'RejectOrder'; readonly data: OrderRejected }

/** Why a command has no effect: a stable word for programs. */
export type OrderRefusal =
  | 'order-exists'
  | 'order-unknown'
  | 'order-is-confirmed'
  | 'order-is-rejected'
  | 'amount-differs'
  | 'total-out-of-bounds'

// State

export type OrderState =
  | { readonly status: 'unknown' }
  | { readonly status: 'placed'; readonly placed: OrderPlaced }
  | { readonly status: 'confirmed'; readonly placed: OrderPlaced; readonly paymentId: string }
  | { readonly status: 'rejected'; readonly placed: OrderPlaced; readonly reason: string }

/** The most that one order may cost, in minor units. */
export const LARGEST_TOTAL_MINOR = 1_000_000_000_000n

export function totalMinorOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((total, line) => total + line.priceMinor * BigInt(line.quantity), 0n)
}

export function evolve(state: OrderState, event: OrderEvent): OrderState {
  switch (event.type) {
    case 'OrderPlaced':
      return { status: 'placed', placed: event.data }
    case 'OrderConfirmed':
      if (state.status === 'unknown') return state
      return { status: 'confirmed', placed: state.placed, paymentId: event.data.paymentId }
    case 'OrderRejected':
      if (state.status === 'unknown') return state
      return { status: 'rejected', placed: state.placed, reason: event.data.reason }
  }
}

function decide(command: OrderCommand, state: OrderState) {
  switch (command.type) {
    case 'PlaceOrder':
      return place(command.data, state)
    case 'ConfirmOrder':
      return confirm(command.data, state)
    case 'RejectOrder':
      return reject(command.data, state)
  }
}

function place(order: Omit<OrderPlaced, 'totalMinor'>, state: OrderState) {
  if (state.status !== 'unknown') return refuse<OrderRefusal>('order-exists')
  const totalMinor = totalMinorOf(order.lines)
  if (totalMinor <= 0n || totalMinor > LARGEST_TOTAL_MINOR) {
    return refuse<OrderRefusal>('total-out-of-bounds')
  }
  return accept<OrderEvent>({ type: 'OrderPlaced', data: { ...order, totalMinor } })
}

function confirm(payment: OrderConfirmed, state: OrderState) {
  switch (state.status) {
    case 'unknown':
      return refuse<OrderRefusal>('order-unknown')
    case 'rejected':
      return refuse<OrderRefusal>('order-is-rejected')
    case 'confirmed':
      return state.paymentId === payment.paymentId
        ? accept<OrderEvent>()
        : refuse<OrderRefusal>('order-is-confirmed')
    case 'placed':
      return pays(payment, state.placed)
        ? accept<OrderEvent>({ type: 'OrderConfirmed', data: payment })
        : refuse<OrderRefusal>('amount-differs')
  }
}

function pays(payment: OrderConfirmed, placed: OrderPlaced): boolean {
  return payment.amountMinor === placed.totalMinor && payment.currency === placed.currency
}

function reject(rejection: OrderRejected, state: OrderState) {
  switch (state.status) {
    case 'unknown':
      return refuse<OrderRefusal>('order-unknown')
    case 'confirmed':
      return refuse<OrderRefusal>('order-is-confirmed')
    case 'rejected':
      return accept<OrderEvent>()
    case 'placed':
      return accept<OrderEvent>({ type: 'OrderRejected', data: rejection })
  }
}

/** An order's life: placed, then confirmed or rejected. */
export const orderDecider: Decider<OrderCommand, OrderEvent, OrderState, OrderRefusal> = {
  initialState: { status: 'unknown' },
  evolve,
  decide,
}
