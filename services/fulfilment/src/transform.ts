import type { Codec, Encoder } from '@tenseams/codec/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { Transform } from '@tenseams/kafka/chunk'
import { derivedId } from '@tenseams/service/ids'
import { traceparentOf } from '@tenseams/telemetry/traceparent'
import { nearestContext } from '@tenseams/telemetry/tracing/step'
import { envelopeOf, factOf, ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import { shipmentOf } from './domain/shipment.ts'

export type Shipping = {
  readonly codec: Codec
  readonly encode: Encoder<ShipmentEvent>['encode']
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Transforms an order's record to the shipment records that it causes. All ids are derived: the event's from the order
 * event, the shipment's from the order, which has one shipment.
 *
 * The transaction around it gives one record one effect, whatever is killed. It cannot give one *event* one effect: after
 * a new snapshot of the outbox, or a lost slot, an old OrderConfirmed is delivered again at a new offset. This service has
 * no state that would recognise it, so it sends the shipment event again, under the same id, and the inboxes of its
 * consumers drop it.
 */
export function shipOrders({ codec, encode, now }: Shipping): Transform {
  return async (record) => {
    const { value: order } = await codec.decode<OrderEvent>(ORDERS_TOPIC, record.value)
    const fact = factOf(order)
    if (fact === undefined) return []
    const { eventId: cause, streamId } = order
    const context = nearestContext(order.traceparent)
    const traceparent = context === undefined ? null : traceparentOf(context)
    const shipment = shipmentOf(fact, derivedId('fulfilment/shipment', streamId))
    if (shipment === undefined) return []
    const eventId = derivedId('fulfilment/1', cause)
    const metadata = { eventId, streamId, occurredAt: BigInt(now()), traceparent }
    const envelope = envelopeOf(shipment, metadata)
    return [
      {
        topic: SHIPMENTS_TOPIC,
        key: streamId,
        value: encode(envelope),
        // The headers that the outbox connector writes, so that every event can be identified without decoding it.
        headers: {
          ...{ id: eventId, eventType: envelope.type, version: String(envelope.version) },
          ...(traceparent !== null && { traceparent }),
        },
      },
    ]
  }
}
