import type { Codec } from '@tenseams/contracts/codec'
import type { OrderEvent, OrderPlaced } from '@tenseams/contracts/generated/orders.order.v1'
import type { ConsumedRecord } from '@tenseams/kafka/consume'
import { v5 as uuidv5 } from 'uuid'
import { ORDERS_TOPIC } from './contract.ts'
import type { PaymentCommand } from './domain/payment.ts'
import type { PaymentLog } from './log.ts'
import type { Provider } from './provider.ts'

/** The provider contradicts what is recorded for the order. It goes to the dead letter topic, for a person. */
export class PaymentContradictionError extends Error {
  readonly retriable = false
  readonly code: string

  constructor(refusal: string, orderId: string) {
    super(`payment of order ${orderId}: ${refusal}`)
    this.code = refusal
  }
}

export type PaymentHandling = {
  readonly log: PaymentLog
  readonly codec: Codec
  readonly provider: Provider
}

/**
 * Takes the money of a placed order: the call first, idempotently, then inbox and event in one transaction. A crash
 * between the two hands the order out again; the provider answers the same key with the same payment, and that is
 * what gets written.
 */
export function handleOrders({ log, codec, provider }: PaymentHandling) {
  return async (record: ConsumedRecord): Promise<void> => {
    const { value: order } = await codec.decode<OrderEvent>(ORDERS_TOPIC, record.value)
    if (order.placed === null) return
    const { version } = await log.load(order.streamId)
    if (version > 0n) return
    const command = await takeMoney(provider, order, order.placed)
    const outcome = await log.begin(order.streamId, command, {
      eventIdOf: (step) => uuidv5(`payments/${step}`, order.eventId),
      occurredAt: Date.now(),
      traceparent: order.traceparent,
      guard: { kind: 'inbox', eventId: order.eventId },
    })
    if (outcome.kind === 'refused') {
      throw new PaymentContradictionError(outcome.refusal, order.streamId)
    }
  }
}

async function takeMoney(
  provider: Provider,
  order: OrderEvent,
  placed: OrderPlaced,
): Promise<PaymentCommand> {
  const answer = await provider.charge(order.eventId, {
    reference: order.streamId,
    amountMinor: placed.totalMinor,
    currency: placed.currency,
    method: placed.paymentMethod,
  })
  const method = placed.paymentMethod
  if (answer.outcome === 'declined') {
    return { type: 'RecordDecline', data: { method, reason: answer.reason ?? 'not said' } }
  }
  const { totalMinor: amountMinor, currency } = placed
  return {
    type: 'RecordCapture',
    data: { paymentId: answer.paymentId, method, amountMinor, currency },
  }
}
