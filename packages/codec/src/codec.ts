import type avro from 'avsc'
import type { ContractFormat, ContractText } from './contract-text.ts'
import { messageOf, UndecodableError, UnencodableError } from './errors.ts'
import { firstMessageIn, payloadOf, schemaIdOf, toFrame } from './frame.ts'
import { SchemaLookup } from './schema-lookup.ts'
import { type Reader, readerOf, type Writer, writerOf } from './schema-sides.ts'

export type Encoder<Value> = {
  readonly topic: string
  /** The id of the contract's newest version in the registry. */
  readonly schemaId: number
  readonly schemaText: string
  /** The value in Confluent framing. @throws UnencodableError */
  readonly encode: (value: Value) => Buffer
}

export type Decoded<Value> = { readonly schemaId: number; readonly value: Value }

export type CodecOptions = {
  readonly registryUrl: string
  readonly timeoutMs: number
  /** The contract by which a topic is read and written: `currentSchema`, or an older one to act as an older build. */
  readonly contractOf: (topic: string) => ContractText
}

/**
 * Encodes and decodes values by contract. It looks schema ids up and never registers: only `contracts publish` does. A
 * process asks for each schema once; after that it needs the registry no more for that schema.
 */
export class Codec {
  readonly #lookup: SchemaLookup
  readonly #contractOf: CodecOptions['contractOf']
  readonly #writers = new Map<number, Writer>()
  readonly #contracts = new Map<string, ContractText>()
  /** By the contract's text: a process may read a topic by more than one version. */
  readonly #readers = new Map<string, Reader>()
  readonly #resolvers = new WeakMap<avro.Type, Map<number, avro.Resolver>>()

  constructor({ registryUrl, timeoutMs, contractOf }: CodecOptions) {
    this.#contractOf = contractOf
    this.#lookup = new SchemaLookup(registryUrl, timeoutMs)
  }

  /**
   * The encoder of a topic's newest contract.
   *
   * @throws ContractNotPublishedError, RegistryUnavailableError
   */
  async encoder<Value>(topic: string): Promise<Encoder<Value>> {
    const { text, format } = this.#contractOf(topic)
    const schemaId = await this.#lookup.idOf(`${topic}-value`, { text, format })
    this.learn(schemaId, text, format)
    const reader = this.#readerOf({ text, format })
    return { topic, schemaId, schemaText: text, encode: (value) => encode(schemaId, reader, value) }
  }

  /**
   * For the topics that a service only reads. A contract is published before anybody reads or writes by it, so a missing
   * one means that the deployments were made in the wrong order.
   *
   * @throws ContractNotPublishedError, RegistryUnavailableError
   */
  async requirePublished(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await this.encoder(topic)
  }

  /** Adds a schema under its id, as the event store keeps it, so that stored bytes outlive a lost registry. */
  learn(schemaId: number, text: string, format: ContractFormat = 'avro'): void {
    this.#writers.set(schemaId, writerOf({ text, format }))
  }

  /**
   * Decodes a record of a topic, whatever version wrote it, by the topic's newest contract.
   *
   * @param contract another version to read by, for a reader that follows the contract while it runs.
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
      const value = this.#read(schemaId, reader, writer, payloadOf(bytes))
      return { schemaId, value: value as Value }
    } catch (error) {
      throw new UndecodableError(`${topic}: ${messageOf(error)}`, { cause: error })
    }
  }

  /**
   * Decodes Avro for which there is no contract, by the schema that wrote it.
   *
   * @throws UndecodableError, RegistryUnavailableError
   */
  async decodeAsWritten<Value>(bytes: Buffer): Promise<Decoded<Value>> {
    const schemaId = schemaIdOf(bytes)
    const writer = await this.#writerOf(schemaId)
    if (writer.format !== 'avro') throw new UndecodableError(`schema ${schemaId} is not Avro`)
    try {
      const payload = payloadOf(bytes)
      writer.check(payload)
      return { schemaId, value: writer.type.fromBuffer(payload) as Value }
    } catch (error) {
      throw new UndecodableError(messageOf(error), { cause: error })
    }
  }

  #read(schemaId: number, reader: Reader, writer: Writer, payload: Buffer): unknown {
    if (reader.format === 'avro') {
      if (writer.format !== 'avro') throw new Error(`schema ${schemaId} is not Avro`)
      writer.check(payload)
      return reader.type.fromBuffer(payload, this.#resolverOf(schemaId, reader.type, writer.type))
    }
    const { envelopeName } = reader.wire
    if (writer.format !== 'protobuf' || writer.envelopeName !== envelopeName) {
      throw new Error(`schema ${schemaId} is not of ${envelopeName}`)
    }
    return reader.wire.fromBuffer(firstMessageIn(payload))
  }

  async #writerOf(schemaId: number): Promise<Writer> {
    const known = this.#writers.get(schemaId)
    if (known !== undefined) return known
    const writer = await this.#lookup.writerOf(schemaId)
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

  #readerOf(contract: ContractText): Reader {
    const known = this.#readers.get(contract.text)
    if (known !== undefined) return known
    const reader = readerOf(contract)
    this.#readers.set(contract.text, reader)
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
}

function encode(schemaId: number, reader: Reader, value: unknown): Buffer {
  try {
    const body =
      reader.format === 'avro' ? reader.type.toBuffer(value) : reader.wire.toBuffer(value)
    return toFrame(schemaId, reader.format, body)
  } catch (error) {
    throw new UnencodableError(messageOf(error), { cause: error })
  }
}
