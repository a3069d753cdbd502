import type { Codec } from '@tenseams/codec/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import type { CommandMetadata } from '@tenseams/event-store/aggregate'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import { derivedId } from '@tenseams/service/ids'
import { SHIPMENTS_TOPIC } from './contract.ts'
import type { OrderLog } from './log.ts'

/** A shipment that no order can have caused. It is dead-lettered, for a person. */
export class ShipmentRefusedError extends Error {
  readonly retriable = false
  readonly code: string

  constructor(refusal: string, shipment: ShipmentEvent) {
    super(`${shipment.type} of order ${shipment.streamId}: ${refusal}`)
    this.code = refusal
  }
}

/** How a redelivered shipment is recognised, and the ids of the events that a shipment causes. */
export type Identity = (
  shipment: ShipmentEvent,
  record: ConsumedRecord,
) => Pick<CommandMetadata, 'eventIdOf' | 'guard'>

const byEventId: Identity = ({ eventId }) => ({
  eventIdOf: (step) => derivedId(`orders/${step}`, eventId),
  guard: { kind: 'inbox', eventId },
})

type ShipmentOptions = {
  readonly identify?: Identity
  /** Called after the append, with the order's id and the time of its completion. */
  readonly onCompleted?: (orderId: string, completedAtMs: number) => void
}

/**
 * Completes a dispatched order, in one transaction with the inbox row, so a redelivered dispatch has no second effect. A
 * recall is ignored: it is the consequence of a cancellation here.
 */
export function handleShipments(
  log: OrderLog,
  codec: Codec,
  { identify = byEventId, onCompleted }: ShipmentOptions = {},
) {
  return async (record: ConsumedRecord): Promise<void> => {
    const { value: shipment } = await codec.decode<ShipmentEvent>(SHIPMENTS_TOPIC, record.value)
    if (shipment.dispatched === null) return
    const { shipmentId } = shipment.dispatched
    const command = { type: 'CompleteOrder', data: { shipmentId } } as const
    const occurredAt = Date.now()
    const outcome = await log.handle(shipment.streamId, command, {
      ...identify(shipment, record),
      occurredAt,
      traceparent: shipment.traceparent,
    })
    if (outcome.kind === 'done' && outcome.events.length > 0) {
      onCompleted?.(shipment.streamId, occurredAt)
    }
    if (outcome.kind === 'refused') throw new ShipmentRefusedError(outcome.refusal, shipment)
  }
}
