import csr from '@kafkajs/confluent-schema-registry'
import type avro from 'avsc'
import type { ContractFormat, ContractText } from './contract-text.ts'
import {
  ContractNotPublishedError,
  RegistryUnavailableError,
  UndecodableError,
  UnencodableError,
} from './errors.ts'
import { avroOptions, avroType } from './long.ts'
import { type ProtobufWire, protobufWire } from './protobuf-wire.ts'

export type Encoder<Value> = {
  readonly topic: string
  /** The id by which the registry knows the contract's newest version. */
  readonly schemaId: number
  readonly schemaText: string
  /**
   * Confluent framing: 0x00, the schema id in four bytes, then Avro, or the message index 0x00 and Protobuf.
   * Throws UnencodableError.
   */
  readonly encode: (value: Value) => Buffer
}

export type Decoded<Value> = { readonly schemaId: number; readonly value: Value }

export type CodecOptions = {
  readonly registryUrl: string
  readonly timeoutMs: number
  /** The contract with which a topic is read and written: `currentSchema`, unless a proof plays an older build. */
  readonly contractOf: (topic: string) => ContractText
}

const MAGIC_BYTE = 0
const HEADER_BYTES = 5

/**
 * Which message of the `.proto` file: the first. Confluent's serialisers write it and theirs alone reads records by it,
 * but the registry's JavaScript client leaves it out, and its decoder takes anything (adr/0012).
 */
const FIRST_MESSAGE = Buffer.of(0)

/** How a topic's newest contract is read and written. */
type Reader =
  | { readonly format: 'avro'; readonly type: avro.Type }
  | { readonly format: 'protobuf'; readonly wire: ProtobufWire }

/** What is known of the schema that wrote a record. Protobuf carries field numbers itself: its name is enough. */
type Writer =
  | { readonly format: 'avro'; readonly type: avro.Type }
  | { readonly format: 'protobuf'; readonly envelopeName: string }

/**
 * Values to bytes and back, by contract. Ids are looked up, never made: only `contracts publish` registers. A schema
 * is asked for once in a process's life; after that the registry may be away.
 */
export class Codec {
  readonly #registry: csr.SchemaRegistry
  readonly #timeoutMs: number
  readonly #contractOf: CodecOptions['contractOf']
  readonly #writers = new Map<number, Writer>()
  readonly #contracts = new Map<string, ContractText>()
  /** By the contract's text: a process may read a topic by more than one version. */
  readonly #readers = new Map<string, Reader>()
  readonly #resolvers = new WeakMap<avro.Type, Map<number, avro.Resolver>>()

  constructor(options: CodecOptions) {
    this.#timeoutMs = options.timeoutMs
    this.#contractOf = options.contractOf
    this.#registry = new csr.SchemaRegistry(
      {
        host: options.registryUrl,
        retry: { retries: 2, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
        middlewares: [boundedRequest(options.timeoutMs)],
      },
      { [csr.SchemaType.AVRO]: avroOptions },
    )
  }

  /**
   * The encoder of a topic's newest contract.
   *
   * @throws ContractNotPublishedError, RegistryUnavailableError
   */
  async encoder<Value>(topic: string): Promise<Encoder<Value>> {
    const { text, format } = this.#contractOf(topic)
    const subject = `${topic}-value`
    const type = format === 'avro' ? csr.SchemaType.AVRO : csr.SchemaType.PROTOBUF
    const schemaId = await this.#ask(
      () => this.#registry.getRegistryIdBySchema(subject, { type, schema: text }),
      () =>
        new ContractNotPublishedError(`${subject}: not published; npm run contracts -- publish`),
    )
    this.learn(schemaId, text, format)
    const reader = this.#readerOf({ text, format })
    return {
      topic,
      schemaId,
      schemaText: text,
      encode: (value) => toFrame(schemaId, reader, value),
    }
  }

  /**
   * For what a service only reads: publishing comes before whoever reads or writes by a new contract, so one that is
   * not there is a deployment in the wrong order.
   *
   * @throws ContractNotPublishedError, RegistryUnavailableError
   */
  async requirePublished(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await this.encoder(topic)
  }

  /** Makes a schema known by its id, as the event store keeps it, so that stored bytes outlive a lost registry. */
  learn(schemaId: number, schemaText: string, format: ContractFormat = 'avro'): void {
    this.#writers.set(
      schemaId,
      format === 'avro'
        ? { format, type: avroType(schemaText) }
        : { format, envelopeName: protobufWire(schemaText).envelopeName },
    )
  }

  /**
   * Reads a record of a topic, whatever version wrote it, as the topic's newest contract describes it.
   *
   * @param contract another version to read by, for whoever follows the contract while it runs.
   * @throws UndecodableError, RegistryUnavailableError
   */
  async decode<Value>(
    topic: string,
    bytes: Buffer | null,
    contract: ContractText = this.#ownContract(topic),
  ): Promise<Decoded<Value>> {
    if (bytes === null) throw new UndecodableError('the record has no value')
    const schemaId = schemaIdOf(bytes)
    const writer = await this.#writerOf(schemaId)
    const reader = this.#readerOf(contract)
    try {
      const value = this.#read(schemaId, reader, writer, bytes.subarray(HEADER_BYTES))
      return { schemaId, value: value as Value }
    } catch (error) {
      throw new UndecodableError(`${topic}: ${messageOf(error)}`, { cause: error })
    }
  }

  /**
   * Reads Avro that no contract of ours describes, with the columns of the schema that wrote it.
   *
   * @throws UndecodableError, RegistryUnavailableError
   */
  async decodeAsWritten<Value>(bytes: Buffer): Promise<Decoded<Value>> {
    const schemaId = schemaIdOf(bytes)
    const writer = await this.#writerOf(schemaId)
    if (writer.format !== 'avro') throw new UndecodableError(`schema ${schemaId} is not Avro`)
    try {
      return { schemaId, value: writer.type.fromBuffer(bytes.subarray(HEADER_BYTES)) as Value }
    } catch (error) {
      throw new UndecodableError(messageOf(error), { cause: error })
    }
  }

  #read(schemaId: number, reader: Reader, writer: Writer, body: Buffer): unknown {
    if (reader.format === 'avro') {
      if (writer.format !== 'avro') throw new Error(`schema ${schemaId} is not Avro`)
      return reader.type.fromBuffer(body, this.#resolverOf(schemaId, reader.type, writer.type))
    }
    const { envelopeName } = reader.wire
    if (writer.format !== 'protobuf' || writer.envelopeName !== envelopeName) {
      throw new Error(`schema ${schemaId} is not of ${envelopeName}`)
    }
    if (body[0] !== FIRST_MESSAGE[0]) throw new Error('the message index is not 0x00')
    return reader.wire.fromBuffer(body.subarray(FIRST_MESSAGE.length))
  }

  async #writerOf(schemaId: number): Promise<Writer> {
    const known = this.#writers.get(schemaId)
    if (known !== undefined) return known
    const found = await this.#ask(
      () => this.#registry.getSchema(schemaId),
      () => new UndecodableError(`schema id ${schemaId} is not in the registry`),
    )
    const writer = writerOf(found)
    if (writer === undefined) {
      throw new UndecodableError(`schema ${schemaId} is neither Avro nor Protobuf`)
    }
    this.#writers.set(schemaId, writer)
    return writer
  }

  #ownContract(topic: string): ContractText {
    const known = this.#contracts.get(topic)
    if (known !== undefined) return known
    const contract = this.#contractOf(topic)
    this.#contracts.set(topic, contract)
    return contract
  }

  #readerOf({ format, text }: ContractText): Reader {
    const known = this.#readers.get(text)
    if (known !== undefined) return known
    const reader: Reader =
      format === 'avro' ? { format, type: avroType(text) } : { format, wire: protobufWire(text) }
    this.#readers.set(text, reader)
    return reader
  }

  #resolverOf(schemaId: number, reader: avro.Type, writer: avro.Type): avro.Resolver {
    const ofReader = this.#resolvers.get(reader) ?? new Map<number, avro.Resolver>()
    const known = ofReader.get(schemaId)
    if (known !== undefined) return known
    const resolver = reader.createResolver(writer)
    this.#resolvers.set(reader, ofReader.set(schemaId, resolver))
    return resolver
  }

  /** Asks the registry within the bound; a 404 is an answer (`notFound`), everything else is an outage. */
  async #ask<Answer>(request: () => Promise<Answer>, notFound: () => Error): Promise<Answer> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new Error(`no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    )
    try {
      return await Promise.race([request(), late.promise])
    } catch (error) {
      if (isNotFound(error)) throw notFound()
      throw new RegistryUnavailableError(`schema registry: ${messageOf(error)}`, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The schema id in Confluent's framing. Throws UndecodableError when there is no such frame. */
export function schemaIdOf(bytes: Buffer): number {
  const schemaId = schemaIdIn(bytes)
  if (schemaId !== undefined) return schemaId
  throw new UndecodableError('the value has no schema id in front (0x00 and four bytes)')
}

/** The same of a record's value, or undefined. */
export function schemaIdIn(value: Buffer | null): number | undefined {
  const isFramed = value !== null && value.length >= HEADER_BYTES && value[0] === MAGIC_BYTE
  return isFramed ? value.readUInt32BE(1) : undefined
}

function toFrame(schemaId: number, reader: Reader, value: unknown): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(schemaId, 1)
  try {
    return reader.format === 'avro'
      ? Buffer.concat([header, reader.type.toBuffer(value)])
      : Buffer.concat([header, FIRST_MESSAGE, reader.wire.toBuffer(value)])
  } catch (error) {
    throw new UnencodableError(messageOf(error), { cause: error })
  }
}

/** The client's types tell neither of the two: Avro's are avsc's own, those of Protobuf hold the first message. */
function writerOf(found: object): Writer | undefined {
  if ('createResolver' in found) return { format: 'avro', type: found as unknown as avro.Type }
  if (!('message' in found)) return undefined
  const { fullName } = found.message as { readonly fullName: string }
  return { format: 'protobuf', envelopeName: fullName }
}

type Middleware = NonNullable<
  ConstructorParameters<typeof csr.SchemaRegistry>[0]['middlewares']
>[number]

/** A middleware of the registry's HTTP client, which has no timeout of its own. */
function boundedRequest(timeoutMs: number): Middleware {
  return () => ({
    prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }),
  })
}

/** Asked for a text's id, the client wraps the 404, and nothing else, into an error of this name and no status. */
function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'ConfluentSchemaRegistryError') return true
  return 'status' in error && error.status === 404
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
