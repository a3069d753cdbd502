import type { ContractFormat } from './contract-text.ts'
import { UndecodableError } from './errors.ts'

const MAGIC_BYTE = 0
const HEADER_BYTES = 5

/**
 * The message index of the `.proto` file's first message. Confluent's serialisers write it, and their deserialisers need
 * it, but the registry's JavaScript client leaves it out and ignores it when it decodes (adr/0012).
 */
const FIRST_MESSAGE = Buffer.of(0)

/** Confluent framing: 0x00, the schema id in four bytes, then Avro, or the message index 0x00 and Protobuf. */
export function toFrame(schemaId: number, format: ContractFormat, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(schemaId, 1)
  return Buffer.concat(format === 'avro' ? [header, body] : [header, FIRST_MESSAGE, body])
}

/** What follows the schema id: Avro, or a message index and Protobuf. */
export function payloadOf(frame: Buffer): Buffer {
  return frame.subarray(HEADER_BYTES)
}

/** The Protobuf after the message index. @throws Error unless the index is that of the first message. */
export function firstMessageIn(payload: Buffer): Buffer {
  if (payload[0] !== FIRST_MESSAGE[0]) throw new Error('the message index is not 0x00')
  return payload.subarray(FIRST_MESSAGE.length)
}

/** @throws UndecodableError when the bytes are not framed. */
export function schemaIdOf(bytes: Buffer): number {
  const schemaId = schemaIdIn(bytes)
  if (schemaId !== undefined) return schemaId
  throw new UndecodableError('the value has no schema id in front (0x00 and four bytes)')
}

/** The schema id of a record's value; undefined when the value is missing or not framed. */
export function schemaIdIn(value: Buffer | null): number | undefined {
  const isFramed = value !== null && value.length >= HEADER_BYTES && value[0] === MAGIC_BYTE
  return isFramed ? value.readUInt32BE(1) : undefined
}
