import type { Codec } from '@tenseams/codec/codec'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import { derivedId } from '@tenseams/service/ids'
import { PAYMENTS_TOPIC } from './contract.ts'
import type { OrderCommand, OrderPayment } from './domain/order.ts'
import type { OrderLog } from './log.ts'

/** A payment that no order can have caused. It is dead-lettered, for a person. */
export class PaymentRefusedError extends Error {
  readonly retriable = false
  readonly code: string

  constructor(refusal: string, payment: PaymentEvent) {
    super(`${payment.type} of order ${payment.streamId}: ${refusal}`)
    this.code = refusal
  }
}

/**
 * Applies a payment to its order. The inbox row and the order's event are written in one transaction, so a payment that
 * is redelivered, by Kafka or by change data capture, has no second effect.
 */
export function handlePayments(log: OrderLog, codec: Codec) {
  return async (record: ConsumedRecord): Promise<void> => {
    const { value: payment } = await codec.decode<PaymentEvent>(PAYMENTS_TOPIC, record.value)
    const command = commandOf(payment)
    if (command === undefined) return
    const outcome = await log.handle(payment.streamId, command, {
      eventIdOf: (step) => derivedId(`orders/${step}`, payment.eventId),
      occurredAt: Date.now(),
      traceparent: payment.traceparent,
      guard: { kind: 'inbox', eventId: payment.eventId },
    })
    if (outcome.kind === 'refused') throw new PaymentRefusedError(outcome.refusal, payment)
  }
}

/** Undefined for ticks, barriers, events that concern payments alone, and types that are newer than this service. */
function commandOf(payment: PaymentEvent): OrderCommand | undefined {
  if (payment.authorised !== null) {
    return { type: 'ConfirmOrder', data: moneyOf(payment.authorised) }
  }
  if (payment.declined !== null) {
    return { type: 'RejectOrder', data: { reason: `payment-declined: ${payment.declined.reason}` } }
  }
  if (payment.refunded !== null) return { type: 'RecordRefund', data: moneyOf(payment.refunded) }
  return undefined
}

function moneyOf({ paymentId, amountMinor, currency }: OrderPayment): OrderPayment {
  return { paymentId, amountMinor, currency }
}
