import type { Codec, Encoder } from '@tenseams/contracts/codec'
import type { OrderEvent as Envelope } from '@tenseams/contracts/generated/orders.order.v1'
import { Aggregate } from '@tenseams/event-store/aggregate'
import { EventStore } from '@tenseams/event-store/event-store'
import { keepSchema } from '@tenseams/event-store/schemas'
import type pg from 'pg'
import { envelopeOf, eventOf, ORDERS_TOPIC } from './contract.ts'
import {
  type OrderCommand,
  type OrderEvent,
  type OrderRefusal,
  type OrderState,
  orderDecider,
} from './domain/order.ts'

export type OrderLog = Aggregate<OrderCommand, OrderEvent, OrderState, OrderRefusal>

/** The Postgres schema of this service's event store. */
export const SCHEMA = 'orders'

/**
 * The orders' event store, joined to the contract: events leave as the bytes that consumers get, and come back from
 * those bytes.
 *
 * @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError: the service must not start then.
 */
export async function openOrderLog(pool: pg.Pool, codec: Codec): Promise<OrderLog> {
  const encoder: Encoder<Envelope> = await codec.encoder(ORDERS_TOPIC)
  const kept = await keepSchema(pool, SCHEMA, encoder)
  for (const { schemaId, schemaText } of kept) codec.learn(schemaId, schemaText)
  return new Aggregate({
    pool,
    store: new EventStore({ pool, schema: SCHEMA }),
    schema: SCHEMA,
    decider: orderDecider,
    seal: (event, stamp) => ({
      eventId: stamp.eventId,
      version: stamp.version,
      type: event.type,
      topic: ORDERS_TOPIC,
      data: event.data,
      payload: encoder.encode(envelopeOf(event, stamp)),
    }),
    open: async (stored) => {
      const { value } = await codec.decode<Envelope>(ORDERS_TOPIC, stored.payload)
      return eventOf(value)
    },
  })
}
