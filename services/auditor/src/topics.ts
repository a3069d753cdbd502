import { createHash } from 'node:crypto'
import { avroType } from '@tenseams/codec/avro-long'
import type { Codec, Decoded } from '@tenseams/codec/codec'
import { messageOf } from '@tenseams/codec/errors'
import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'
import { schemaVersions } from '@tenseams/contracts/schemas'
import { faultOf } from '@tenseams/service/fault'
import type avro from 'avsc'
import type { Row } from './evidence-tables.ts'
import type { LogRecord } from './log-reader.ts'

/** The fields that the envelopes of all event topics share. */
type Envelope = {
  readonly eventId: string
  readonly streamId: string
  readonly version: bigint
  readonly type: string
  readonly occurredAt: number | bigint
}

type FormerContract = {
  readonly version: number
  readonly reader: avro.Type
  readonly resolver: avro.Resolver
}

/**
 * Turns a record of an event topic into evidence: decoded by the newest contract, and by the one before (I17).
 *
 * @throws RegistryUnavailableError. An undecodable record does not throw: it is evidence.
 */
export class RecordDecoder {
  readonly #codec: Codec
  readonly #registryUrl: string
  readonly #timeoutMs: number
  /** How the contract before the newest reads values of a schema id, by topic and id. */
  readonly #former = new Map<string, Promise<FormerContract | undefined>>()

  constructor(registryUrl: string, timeoutMs: number) {
    this.#registryUrl = registryUrl
    this.#timeoutMs = timeoutMs
    this.#codec = openCodec(registryUrl, timeoutMs)
  }

  async rowOf(record: LogRecord): Promise<Row<'records'>> {
    const { topic, partition, offset, key, value, fate, writtenAt } = record
    const common = {
      topic,
      partition: BigInt(partition),
      offset,
      key: key === null ? null : String(key),
      fate,
      written_at: writtenAt,
      payload_hash: value === null ? null : createHash('sha256').update(value).digest('hex'),
    }
    try {
      const { value: envelope } = await this.#decode(topic, value)
      const { eventId, streamId, version, type, occurredAt } = envelope
      return {
        ...common,
        event_id: eventId,
        stream_id: streamId,
        version,
        type,
        occurred_at: BigInt(occurredAt),
        unreadable: await this.#unreadableBefore(topic, value),
      }
    } catch (error) {
      if (faultOf(error) === 'outage') throw error
      return { ...common, unreadable: `newest: ${messageOf(error)}` }
    }
  }

  #decode(topic: string, value: Buffer | null): Promise<Decoded<Envelope>> {
    return this.#codec.decode<Envelope>(topic, value)
  }

  /** Why the contract before the newest cannot read the bytes; null when it can, or there is none. */
  async #unreadableBefore(topic: string, value: Buffer | null): Promise<string | null> {
    if (value === null) return null
    const schemaId = schemaIdOf(value)
    const key = `${topic} ${schemaId}`
    const opening = this.#former.get(key) ?? this.#openFormer(topic, schemaId)
    this.#former.set(key, opening)
    opening.catch(() => this.#former.delete(key))
    const former = await opening
    if (former === undefined) return null
    try {
      former.reader.fromBuffer(value.subarray(5), former.resolver)
      return null
    } catch (error) {
      return `version ${former.version}: ${messageOf(error)}`
    }
  }

  async #openFormer(topic: string, schemaId: number): Promise<FormerContract | undefined> {
    const before = schemaVersions(topic).at(-2)
    if (before === undefined || before.format !== 'avro') return undefined
    const reader = avroType(before.text)
    const writer = avroType(await this.#schemaText(schemaId))
    return { version: before.version, reader, resolver: reader.createResolver(writer) }
  }

  async #schemaText(schemaId: number): Promise<string> {
    const response = await fetch(`${this.#registryUrl}/schemas/ids/${schemaId}`, {
      signal: AbortSignal.timeout(this.#timeoutMs),
    })
    if (!response.ok) {
      const { status } = response
      throw Object.assign(new Error(`the registry answers ${status} for ${schemaId}`), { status })
    }
    return ((await response.json()) as { readonly schema: string }).schema
  }
}
