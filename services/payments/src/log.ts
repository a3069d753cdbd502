import type { Codec } from '@tenseams/codec/codec'
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
import { entriesTable, entryRows } from './entries.ts'

/** The payments, one an order. */
export type PaymentLog = Aggregate<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal>

/** The Postgres schema of this service's event store and ledger. */
export const PAYMENTS_SCHEMA = 'payments'

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError */
export function openPaymentLog(
  pool: pg.Pool,
  codec: Codec,
  schema = PAYMENTS_SCHEMA,
): Promise<PaymentLog> {
  return openTopicAggregate({
    ...{ pool, codec, schema, topic: PAYMENTS_TOPIC },
    ...{ decider: paymentDecider, envelopeOf, eventOf },
    ...{ companion: entriesTable, rowsOf: entryRows },
  })
}
