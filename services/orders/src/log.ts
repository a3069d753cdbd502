import type { Aggregate } from '@tenseams/event-store/aggregate'
import { envelopeOf, eventOf, ORDERS_TOPIC } from './contract.ts'
import {
  type OrderCommand,
  type OrderEvent,
  type OrderRefusal,
  type OrderState,
  orderDecider,
} from './domain/order.ts'

/** The orders, each a stream of events. */
export type OrderLog = Aggregate<OrderCommand, OrderEvent, OrderState, OrderRefusal>

/** The Postgres schema of this service's event store. */
export const SCHEMA = 'orders'

/** How orders are decided on, stored and sent; for `openTopicAggregate`. */
export const orderStreams = {
  schema: SCHEMA,
  topic: ORDERS_TOPIC,
  decider: orderDecider,
  envelopeOf,
  eventOf,
} as const
