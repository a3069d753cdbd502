import type avro from 'avsc'
import { type AvroByteCheck, avroByteCheck } from './avro-bytes.ts'
import { avroType } from './avro-long.ts'
import type { ContractText } from './contract-text.ts'
import { type ProtobufWire, protobufWire } from './protobuf-wire.ts'

/** The schema by which values are read and written. */
export type Reader =
  | { readonly format: 'avro'; readonly type: avro.Type }
  | { readonly format: 'protobuf'; readonly wire: ProtobufWire }

/** The schema that wrote a record. Protobuf bytes carry field numbers, so the message's name is enough. */
export type Writer =
  | { readonly format: 'avro'; readonly type: avro.Type; readonly check: AvroByteCheck }
  | { readonly format: 'protobuf'; readonly envelopeName: string }

export function readerOf({ format, text }: ContractText): Reader {
  return format === 'avro' ? { format, type: avroType(text) } : { format, wire: protobufWire(text) }
}

export function writerOf({ format, text }: ContractText): Writer {
  return format === 'avro'
    ? avroWriter(avroType(text))
    : { format, envelopeName: protobufWire(text).envelopeName }
}

/**
 * The schema that the registry's client returned; undefined when it is neither Avro nor Protobuf. The client's types do
 * not describe what it returns: for Avro one of avsc's types, for Protobuf an object with the first message.
 */
export function writerFrom(found: object): Writer | undefined {
  if ('createResolver' in found) return avroWriter(found as unknown as avro.Type)
  if (!('message' in found)) return undefined
  const { fullName } = found.message as { readonly fullName: string }
  return { format: 'protobuf', envelopeName: fullName }
}

function avroWriter(type: avro.Type): Writer {
  return { format: 'avro', type, check: avroByteCheck(type.schema()) }
}
