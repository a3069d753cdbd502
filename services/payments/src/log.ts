import type { Aggregate } from '@tenseams/event-store/aggregate'
import { envelopeOf, eventOf, PAYMENTS_TOPIC } from './contract.ts'
import {
  type PaymentCommand,
  type PaymentEvent,
  type PaymentRefusal,
  type PaymentState,
  paymentDecider,
} from './domain/payment.ts'
import { entriesTable, entryRows } from './entries.ts'

/** The payments, one for each order. */
export type PaymentLog = Aggregate<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal>

/** The Postgres schema of this service's event store and ledger. */
export const SCHEMA = 'payments'

/** How payments are decided on, stored and sent, with the ledger's entries; for `openTopicAggregate`. */
export const paymentStreams = {
  schema: SCHEMA,
  topic: PAYMENTS_TOPIC,
  decider: paymentDecider,
  envelopeOf,
  eventOf,
  sideTable: entriesTable,
  rowsOf: entryRows,
} as const
