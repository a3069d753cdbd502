import { Aggregate, type AggregateOptions, type EventMetadata } from './aggregate.ts'
import type { SideTable } from './append.ts'
import { EventStore } from './event-store.ts'
import { type KeptSchema, keepSchema } from './schemas.ts'

/** What a store needs of a topic's contract; `Codec` in packages/codec has it. */
export type TopicCodec = {
  encoder<Value>(topic: string): Promise<KeptSchema & { readonly encode: (value: Value) => Buffer }>
  decode<Value>(topic: string, bytes: Buffer): Promise<{ readonly value: Value }>
  learn(schemaId: number, schemaText: string): void
}

export type TopicAggregateOptions<Command, Event, State, Refusal, Envelope> = Omit<
  AggregateOptions<Command, Event, State, Refusal>,
  'store' | 'seal' | 'open'
> & {
  readonly codec: TopicCodec
  /** The table that `rowsOf` writes. */
  readonly sideTable?: SideTable
  /** Told after each statement that has appended something. */
  readonly onAppended?: () => void
  /** The topic of its events. */
  readonly topic: string
  readonly envelopeOf: (event: Event, metadata: EventMetadata) => Envelope
  /** Undefined for a type that is newer than this reader. */
  readonly eventOf: (envelope: Envelope) => Event | undefined
}

/**
 * A kind of stream whose events are stored and published as the bytes of a topic's contract. Every schema that stored
 * bytes name is loaded here, so that commands do not depend on the registry afterwards.
 *
 * @throws what the codec throws when the contract is not published or the registry is unavailable, and
 * StoreUnavailableError: the service must not start then.
 */
export async function openTopicAggregate<
  Command,
  Event extends { readonly type: string; readonly data: unknown },
  State,
  Refusal,
  Envelope,
>({
  codec,
  topic,
  envelopeOf,
  eventOf,
  sideTable,
  onAppended,
  ...options
}: TopicAggregateOptions<Command, Event, State, Refusal, Envelope>): Promise<
  Aggregate<Command, Event, State, Refusal>
> {
  const { pool, schema } = options
  const encoder = await codec.encoder<Envelope>(topic)
  const kept = await keepSchema(pool, schema, encoder)
  for (const { schemaId, schemaText } of kept) codec.learn(schemaId, schemaText)
  return new Aggregate({
    ...options,
    store: new EventStore({ pool, schema, onAppended, ...(sideTable && { sideTable }) }),
    seal: (event, metadata) => ({
      eventId: metadata.eventId,
      version: metadata.version,
      type: event.type,
      topic,
      data: event.data,
      payload: encoder.encode(envelopeOf(event, metadata)),
    }),
    open: async (stored) => {
      const { value } = await codec.decode<Envelope>(topic, stored.payload)
      return eventOf(value)
    },
  })
}
