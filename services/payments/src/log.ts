import type { Codec, Encoder } from '@tenseams/contracts/codec'
import type { PaymentEvent as Envelope } from '@tenseams/contracts/generated/payments.payment.v1'
import { Aggregate } from '@tenseams/event-store/aggregate'
import { EventStore } from '@tenseams/event-store/event-store'
import { keepSchema } from '@tenseams/event-store/schemas'
import type pg from 'pg'
import { envelopeOf, eventOf, PAYMENTS_TOPIC } from './contract.ts'
import {
  type PaymentCommand,
  type PaymentEvent,
  type PaymentRefusal,
  type PaymentState,
  paymentDecider,
} from './domain/payment.ts'

export type PaymentLog = Aggregate<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal>

/** The Postgres schema of this service's event store. */
const SCHEMA = 'payments'

/**
 * The payments' event store, joined to the contract.
 *
 * @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError: the service must not start then.
 */
export async function openPaymentLog(pool: pg.Pool, codec: Codec): Promise<PaymentLog> {
  const encoder: Encoder<Envelope> = await codec.encoder(PAYMENTS_TOPIC)
  const kept = await keepSchema(pool, SCHEMA, encoder)
  for (const { schemaId, schemaText } of kept) codec.learn(schemaId, schemaText)
  return new Aggregate({
    pool,
    store: new EventStore({ pool, schema: SCHEMA }),
    schema: SCHEMA,
    decider: paymentDecider,
    seal: (event, stamp) => ({
      eventId: stamp.eventId,
      version: stamp.version,
      type: event.type,
      topic: PAYMENTS_TOPIC,
      data: event.data,
      payload: encoder.encode(envelopeOf(event, stamp)),
    }),
    open: async (stored) => {
      const { value } = await codec.decode<Envelope>(PAYMENTS_TOPIC, stored.payload)
      return eventOf(value)
    },
  })
}
