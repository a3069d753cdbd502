import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'

/** The events of an order, as often as an order has them: mostly placed, confirmed, completed. */
const kinds = ['OrderPlaced', 'OrderConfirmed', 'OrderCompleted'] as const

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')

/** The event of that number, always the same one but for its time. */
export function orderEvent(sequence: number, occurredAt: number): OrderEvent {
  const order = Math.floor(sequence / kinds.length)
  const step = sequence % kinds.length
  const streamId = `0198c0de-0000-7000-8000-${hex(order, 12)}`
  const amount = { amountMinor: BigInt(1_000 + (order % 90_000)), currency: 'EUR' }
  return {
    eventId: `0198c0de-${hex(step, 4)}-7000-9000-${hex(sequence, 12)}`,
    streamId,
    version: BigInt(step + 1),
    type: kinds[step] ?? 'tick',
    occurredAt,
    traceparent: `00-${hex(order, 32)}-${hex(sequence + 1, 16)}-01`,
    placed: step === 0 ? placed(order, amount.amountMinor) : null,
    confirmed:
      step === 1 ? { paymentId: `0198c0de-0000-7000-a000-${hex(order, 12)}`, ...amount } : null,
    rejected: null,
    cancelled: null,
    completed: step === 2 ? { shipmentId: `0198c0de-0000-7000-b000-${hex(order, 12)}` } : null,
    refunded: null,
  }
}

function placed(order: number, totalMinor: bigint) {
  return {
    customerId: `0198c0de-0000-7000-c000-${hex(order % 5_000, 12)}`,
    currency: 'EUR',
    totalMinor,
    paymentMethod: order % 3 === 0 ? 'invoice' : 'card',
    lines: [
      { sku: `sku-${order % 997}`, quantity: 1 + (order % 4), priceMinor: totalMinor / 2n },
      { sku: `sku-${order % 991}`, quantity: 1, priceMinor: totalMinor - totalMinor / 2n },
    ],
  }
}
