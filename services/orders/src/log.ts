import type { Codec } from '@tenseams/codec/codec'
import type { Aggregate } from '@tenseams/event-store/aggregate'
import { openTopicAggregate } from '@tenseams/event-store/topic-aggregate'
import type pg from 'pg'
import { envelopeOf, eventOf, ORDERS_TOPIC } from './contract.ts'
import {
  type OrderCommand,
  type OrderEvent,
  type OrderRefusal,
  type OrderState,
  orderDecider,
} from './domain/order.ts'

/** The orders, each decided on as its stream says. */
export type OrderLog = Aggregate<OrderCommand, OrderEvent, OrderState, OrderRefusal>

/** The Postgres schema of this service's event store. */
export const SCHEMA = 'orders'

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError */
export function openOrderLog(
  pool: pg.Pool,
  codec: Codec,
  decider = orderDecider,
): Promise<OrderLog> {
  return openTopicAggregate({
    ...{ pool, codec, schema: SCHEMA, topic: ORDERS_TOPIC },
    ...{ decider, envelopeOf, eventOf },
  })
}
