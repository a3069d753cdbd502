import type { Codec } from '@tenseams/contracts/codec'
import type { Aggregate } from '@tenseams/event-store/aggregate'
import { openTopicAggregate } from '@tenseams/event-store/topic-aggregate'
import type pg from 'pg'
import { envelopeOf, eventOf, PAYMENTS_TOPIC } from './contract.ts'
import {
  type PaymentCommand,
  type PaymentEvent,
  type PaymentRefusal,
  type PaymentState,
  paymentDecider,
} from './domain/payment.ts'

/** The payments, one an order. */
export type PaymentLog = Aggregate<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal>

/** The Postgres schema of this service's event store. */
const SCHEMA = 'payments'

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError */
export function openPaymentLog(pool: pg.Pool, codec: Codec): Promise<PaymentLog> {
  return openTopicAggregate({
    ...{ pool, codec, schema: SCHEMA, topic: PAYMENTS_TOPIC },
    ...{ decider: paymentDecider, envelopeOf, eventOf },
  })
}
