import type { Codec } from '@tenseams/codec/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { TooEarlyError } from '@tenseams/kafka/failure'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import type { Provider } from '@tenseams/provider/client'
import { assertIds } from '@tenseams/service/ids'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import type { PaymentLog } from './log.ts'
import { authorise, cancel, capture } from './moves.ts'
import { note, PaymentContradictionError } from './note.ts'

export type PaymentHandling = {
  readonly log: PaymentLog
  readonly codec: Codec
  readonly provider: Provider
}

/**
 * Orders and shipments are consumed independently, so a shipment may arrive before the record of its payment. That record
 * is about to be written, because only what was paid for is shipped. A shipment of an order that nobody has paid for is
 * dead-lettered after a minute, so that it does not keep the money of those behind it.
 */
export class PaymentNotKnownYetError extends TooEarlyError {
  readonly code = 'PAYMENT_NOT_KNOWN_YET'
  readonly waitsAtMostMs = 60_000
}

/**
 * Holds the money of a placed order, and voids or refunds that of a cancelled one. The provider is called first,
 * idempotently; then inbox, events and ledger entries are written in one transaction. After a crash between the two the
 * record is redelivered, the provider answers the same key with what it did, and that is what gets written.
 */
export function handleOrders({ log, codec, provider }: PaymentHandling) {
  return async (record: ConsumedRecord): Promise<void> => {
    const { value: order } = await codec.decode<OrderEvent>(ORDERS_TOPIC, record.value)
    if (order.placed === null && order.cancelled === null) return
    assertIds(order)
    const loaded = await log.load(order.streamId)
    const { state } = loaded
    if (order.placed !== null && state.status === 'unknown') {
      await note(log, order, loaded, await authorise(provider, order.streamId, order.placed))
    }
    if (order.cancelled !== null) {
      const command = await cancel(provider, order.streamId, state)
      if (command !== undefined) await note(log, order, loaded, command)
    }
  }
}

/**
 * Captures the held money of an order that was dispatched, in the same way. A voided or refunded payment is not captured:
 * its order was cancelled, and fulfilment, which consumes the cancellation as well, recalls the shipment.
 */
export function handleShipments({ log, codec, provider }: PaymentHandling) {
  return async (record: ConsumedRecord): Promise<void> => {
    const { value: shipment } = await codec.decode<ShipmentEvent>(SHIPMENTS_TOPIC, record.value)
    if (shipment.dispatched === null) return
    assertIds(shipment)
    const orderId = shipment.streamId
    const loaded = await log.load(orderId)
    const { state } = loaded
    if (state.status === 'unknown') {
      throw new PaymentNotKnownYetError(`no payment of order ${orderId} is known yet`)
    }
    if (state.status === 'declined') {
      throw new PaymentContradictionError('payment-is-declined', orderId)
    }
    if (state.status !== 'authorised') return
    const command = await capture(provider, orderId, state.payment)
    if (command !== undefined) await note(log, shipment, loaded, command)
  }
}
