import type { Codec, Encoder } from '@tenseams/contracts/codec'
import type { OrderEvent as Envelope } from '@tenseams/contracts/generated/orders.order.v1'
import {
  Aggregate,
  type AggregateOptions,
  type Circumstances,
  type Outcome,
} from '@tenseams/event-store/aggregate'
import type { Guard } from '@tenseams/event-store/append'
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

type Options = AggregateOptions<OrderCommand, OrderEvent, OrderState, OrderRefusal>
type OrderOutcome = Outcome<OrderEvent, OrderRefusal>

/** The orders, each decided on as its stream says. */
export class OrderLog extends Aggregate<OrderCommand, OrderEvent, OrderState, OrderRefusal> {
  readonly #options: Options

  constructor(options: Options) {
    super(options)
    this.#options = options
  }

  /**
   * Decides on what was loaded, and on nothing newer: for a client that says which version it has seen. When the
   * stream has moved on meanwhile nothing is written.
   *
   * @throws StoreUnavailableError
   */
  async handleAt(
    streamId: string,
    loaded: { readonly state: OrderState; readonly version: bigint },
    command: OrderCommand,
    circumstances: Circumstances & { readonly guard: Guard },
  ): Promise<OrderOutcome | { readonly kind: 'conflict' }> {
    const { store, decider, seal } = this.#options
    const decision = decider.decide(command, loaded.state)
    if (decision.kind === 'refused') return decision
    const { guard, eventIdOf, occurredAt, traceparent } = circumstances
    const events = decision.events.map((event, step) => {
      const version = loaded.version + BigInt(step) + 1n
      return seal(event, { eventId: eventIdOf(step), streamId, version, occurredAt, traceparent })
    })
    const expectedVersion = loaded.version
    const result = await store.append({ streamId, expectedVersion, events, guard })
    if (result.kind !== 'appended') return { kind: result.kind }
    const version = expectedVersion + BigInt(events.length)
    return { kind: 'done', events: decision.events, version }
  }
}

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
  return new OrderLog({
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
