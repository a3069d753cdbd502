import { Aggregate, type AggregateOptions, type Stamp } from './aggregate.ts'
import type { Companion } from './append.ts'
import { EventStore } from './event-store.ts'
import { type KeptSchema, keepSchema } from './schemas.ts'

/** What a store needs of a topic's contract; packages/codec/src/codec.ts has it. */
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
  readonly companion?: Companion
  /** Where its events go. */
  readonly topic: string
  readonly envelopeOf: (event: Event, stamp: Stamp) => Envelope
  /** Undefined for a type that is newer than this reader. */
  readonly eventOf: (envelope: Envelope) => Event | undefined
}

/**
 * A kind of stream whose events leave as the bytes of a topic's contract, and come back from those bytes. Every schema
 * that stored bytes name is known afterwards, so that a registry that is away stops no command.
 *
 * @throws what the codec says when the contract is not published or the registry away, and StoreUnavailableError: the
 * service must not start then.
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
  companion,
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
    store: new EventStore({ pool, schema, ...(companion && { companion }) }),
    seal: (event, stamp) => ({
      eventId: stamp.eventId,
      version: stamp.version,
      type: event.type,
      topic,
      data: event.data,
      payload: encoder.encode(envelopeOf(event, stamp)),
    }),
    open: async (stored) => {
      const { value } = await codec.decode<Envelope>(topic, stored.payload)
      return eventOf(value)
    },
  })
}
