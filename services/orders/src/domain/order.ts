import { accept, type Decider, type Decision, refuse } from '@tenseams/decider/decider'

// Events

export type OrderEvent =
  | { readonly type: 'OrderPlaced'; readonly data: OrderPlaced }
  | { readonly type: 'OrderConfirmed'; readonly data: OrderPayment }
  | { readonly type: 'OrderRejected'; readonly data: OrderRejected }
  | { readonly type: 'OrderCancelled'; readonly data: OrderCancelled }
  | { readonly type: 'OrderCompleted'; readonly data: OrderCompleted }
  | { readonly type: 'OrderRefunded'; readonly data: OrderPayment }

export type OrderLine = {
  readonly sku: string
  readonly quantity: number
  /** Of one piece, in minor units of the order's currency. */
  readonly priceMinor: bigint
}

/** A line as it was ordered: the price that the customer was shown, beside the one that the catalogue has now. */
export type OrderedLine = Omit<OrderLine, 'priceMinor'> & {
  readonly shownMinor: bigint
  /** Null when the catalogue does not sell it in the order's currency. */
  readonly priceMinor: bigint | null
}

export type OrderPlaced = {
  readonly customerId: string
  readonly currency: string
  readonly totalMinor: bigint
  readonly paymentMethod: string
  readonly lines: readonly OrderLine[]
}

/** A payment that confirms its order, or that was refunded. */
export type OrderPayment = {
  readonly paymentId: string
  readonly amountMinor: bigint
  readonly currency: string
}

export type OrderRejected = { readonly reason: string }

export type OrderCancelled = {
  readonly reason: string
  /** The payment that had confirmed it and has to be refunded; null when there was none. */
  readonly paymentId: string | null
}

export type OrderCompleted = { readonly shipmentId: string }

// Commands

export type OrderCommand =
  | { readonly type: 'PlaceOrder'; readonly data: PlaceOrder }
  | { readonly type: 'ConfirmOrder'; readonly data: OrderPayment }
  | { readonly type: 'RejectOrder'; readonly data: OrderRejected }
  | { readonly type: 'CancelOrder'; readonly data: { readonly reason: string } }
  | { readonly type: 'CompleteOrder'; readonly data: OrderCompleted }
  | { readonly type: 'RecordRefund'; readonly data: OrderPayment }

export type PlaceOrder = Omit<OrderPlaced, 'totalMinor' | 'lines'> & {
  readonly lines: readonly OrderedLine[]
}

/** Why a command has no effect: a stable code for programs. */
export type OrderRefusal =
  | 'order-exists'
  | 'order-unknown'
  | 'order-is-not-confirmed'
  | 'order-is-not-cancelled'
  | 'order-is-confirmed'
  | 'order-is-rejected'
  | 'order-is-cancelled'
  | 'order-is-completed'
  | 'amount-differs'
  | 'payment-differs'
  | 'total-out-of-bounds'
  | 'product-unknown'
  | 'price-differs'

type OrderDecision = Decision<OrderEvent, OrderRefusal>

// State

export type OrderState =
  | { readonly status: 'unknown' }
  | { readonly status: 'placed'; readonly placed: OrderPlaced }
  | { readonly status: 'confirmed'; readonly placed: OrderPlaced; readonly paymentId: string }
  | { readonly status: 'rejected'; readonly placed: OrderPlaced; readonly reason: string }
  | {
      readonly status: 'cancelled'
      readonly placed: OrderPlaced
      readonly cancelled: OrderCancelled
      readonly refunded: OrderPayment | null
    }
  | {
      readonly status: 'completed'
      readonly placed: OrderPlaced
      readonly paymentId: string
      readonly shipmentId: string
    }

/** The states of an order that exists. */
export type OrderStatus = Exclude<OrderState['status'], 'unknown'>

/** The maximum total of one order, in minor units. */
export const LARGEST_TOTAL_MINOR = 1_000_000_000_000n

export function totalMinorOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((total, line) => total + line.priceMinor * BigInt(line.quantity), 0n)
}

export function evolve(state: OrderState, event: OrderEvent): OrderState {
  if (event.type === 'OrderPlaced') return { status: 'placed', placed: event.data }
  return state.status === 'unknown' ? state : proceed(state, event)
}

function proceed(
  state: Exclude<OrderState, { status: 'unknown' }>,
  event: Exclude<OrderEvent, { type: 'OrderPlaced' }>,
): OrderState {
  const { placed } = state
  switch (event.type) {
    case 'OrderConfirmed':
      return { status: 'confirmed', placed, paymentId: event.data.paymentId }
    case 'OrderRejected':
      return { status: 'rejected', placed, reason: event.data.reason }
    case 'OrderCancelled':
      return { status: 'cancelled', placed, cancelled: event.data, refunded: null }
    case 'OrderCompleted':
      if (state.status !== 'confirmed') return state
      return { status: 'completed', placed, paymentId: state.paymentId, ...event.data }
    case 'OrderRefunded':
      return state.status === 'cancelled' ? { ...state, refunded: event.data } : state
  }
}

function decide(command: OrderCommand, state: OrderState): OrderDecision {
  switch (command.type) {
    case 'PlaceOrder':
      return place(command.data, state)
    case 'ConfirmOrder':
      return confirm(command.data, state)
    case 'RejectOrder':
      return reject(command.data, state)
    case 'CancelOrder':
      return cancel(command.data.reason, state)
    case 'CompleteOrder':
      return complete(command.data, state)
    case 'RecordRefund':
      return refund(command.data, state)
  }
}

/** What is charged is the catalogue's price, and only when it is the one that the customer was shown. */
function place(order: PlaceOrder, state: OrderState): OrderDecision {
  if (state.status !== 'unknown') return refuse('order-exists')
  const lines = order.lines.flatMap(chargedLine)
  if (lines.length < order.lines.length) return refuse('product-unknown')
  if (order.lines.some(isPricedDifferently)) return refuse('price-differs')
  const totalMinor = totalMinorOf(lines)
  if (totalMinor <= 0n || totalMinor > LARGEST_TOTAL_MINOR) return refuse('total-out-of-bounds')
  return accept({ type: 'OrderPlaced', data: { ...order, lines, totalMinor } })
}

function chargedLine({ sku, quantity, priceMinor }: OrderedLine): readonly OrderLine[] {
  return priceMinor === null ? [] : [{ sku, quantity, priceMinor }]
}

export function isPricedDifferently({ priceMinor, shownMinor }: OrderedLine): boolean {
  return priceMinor !== null && priceMinor !== shownMinor
}

function confirm(payment: OrderPayment, state: OrderState): OrderDecision {
  switch (state.status) {
    case 'unknown':
      return refuse('order-unknown')
    case 'rejected':
      return refuse('order-is-rejected')
    case 'confirmed':
    case 'completed':
      return state.paymentId === payment.paymentId
        ? accept()
        : refuse<OrderRefusal>(`order-is-${state.status}`)
    case 'cancelled':
      // Payments consumes the cancellation after the order, from the same partition, and refunds the money by itself.
      return accept()
    case 'placed':
      return pays(payment, state.placed)
        ? accept({ type: 'OrderConfirmed', data: payment })
        : refuse('amount-differs')
  }
}

function pays(payment: OrderPayment, placed: OrderPlaced): boolean {
  return payment.amountMinor === placed.totalMinor && payment.currency === placed.currency
}

function reject(rejection: OrderRejected, state: OrderState): OrderDecision {
  switch (state.status) {
    case 'unknown':
      return refuse('order-unknown')
    case 'confirmed':
    case 'completed':
      return refuse<OrderRefusal>(`order-is-${state.status}`)
    case 'cancelled':
    case 'rejected':
      return accept()
    case 'placed':
      return accept({ type: 'OrderRejected', data: rejection })
  }
}

function cancel(reason: string, state: OrderState): OrderDecision {
  switch (state.status) {
    case 'unknown':
      return refuse('order-unknown')
    case 'rejected':
    case 'cancelled':
    case 'completed':
      return refuse<OrderRefusal>(`order-is-${state.status}`)
    case 'placed':
      return accept({ type: 'OrderCancelled', data: { reason, paymentId: null } })
    case 'confirmed':
      return accept({ type: 'OrderCancelled', data: { reason, paymentId: state.paymentId } })
  }
}

function complete(completion: OrderCompleted, state: OrderState): OrderDecision {
  switch (state.status) {
    case 'unknown':
      return refuse('order-unknown')
    case 'placed':
      return refuse('order-is-not-confirmed')
    case 'rejected':
      return refuse('order-is-rejected')
    case 'cancelled':
      // It was dispatched already; fulfilment consumes the cancellation after the confirmation, and recalls it.
      return accept()
    case 'completed':
      return state.shipmentId === completion.shipmentId ? accept() : refuse('order-is-completed')
    case 'confirmed':
      return accept({ type: 'OrderCompleted', data: completion })
  }
}

/** Only a cancelled order is refunded, once. */
function refund(payment: OrderPayment, state: OrderState): OrderDecision {
  if (state.status === 'unknown') return refuse('order-unknown')
  if (state.status !== 'cancelled') return refuse('order-is-not-cancelled')
  const paymentId = state.refunded?.paymentId ?? state.cancelled.paymentId
  if (paymentId !== payment.paymentId) return refuse('payment-differs')
  if (!pays(payment, state.placed)) return refuse('amount-differs')
  return state.refunded === null ? accept({ type: 'OrderRefunded', data: payment }) : accept()
}

/**
 * An order from placing to its end. A payment confirms it, a decline rejects it, its shipment completes it, and until then
 * it can be cancelled:
 *
 *     unknown ──place──▶ placed ──confirm──▶ confirmed ──complete──▶ completed
 *                        │    └───reject───▶ rejected │
 *                        └────────cancel──────────────┴──▶ cancelled ──refund──▶ cancelled, its money refunded
 *
 * A repeated payment, rejection, shipment or refund changes nothing; what contradicts the state is refused with a reason.
 */
export const orderDecider: Decider<OrderCommand, OrderEvent, OrderState, OrderRefusal> = {
  initialState: { status: 'unknown' },
  evolve,
  decide,
}
