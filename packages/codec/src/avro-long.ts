import avro from 'avsc'
import { isPlainLong, parseAvroText } from './avro-text.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Avro's `long` as a bigint, which keeps all 64 bits. avsc's own type refuses values that a double cannot hold. */
const longType = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(value)
    return buffer
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: (value: bigint) => value.toString(),
  isValid: (value: unknown) =>
    typeof value === 'bigint' && value >= INT64_MIN && value <= INT64_MAX,
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
})

/** Options of every Avro type: plain longs are bigints, timestamps stay numbers of milliseconds. */
export const avroOptions = {
  typeHook: (schema: avro.Schema): avro.Type | undefined =>
    isPlainLong(schema) ? longType : undefined,
} satisfies Partial<avro.ForSchemaOptions>

/** The Avro type of a schema's text, with bigint longs and their exact defaults. */
export function avroType(schemaText: string): avro.Type {
  // A copy each time: avsc stores a schema's names in the options, and would refuse the same names the next time.
  return avro.Type.forSchema(parseAvroText(schemaText) as avro.Schema, { ...avroOptions })
}
