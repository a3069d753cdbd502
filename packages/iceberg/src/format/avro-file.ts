import { randomBytes } from 'node:crypto'
import { inflateRawSync, zstdDecompressSync } from 'node:zlib'
import avro from 'avsc'
import { LakehouseError } from '../errors.ts'

const MAGIC = Buffer.from('Obj\x01', 'latin1')
const SYNC_BYTES = 16

const longType = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(value)
    return buffer
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: (value: bigint) => value.toString(),
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
})

/** An Avro type whose longs are bigints and whose logical types are ignored, as Iceberg's metadata files need it. */
export function metadataType(schema: object): avro.Type {
  return avro.Type.forSchema(structuredClone(schema) as avro.Schema, {
    registry: {},
    typeHook: (part) => (isLong(part) ? longType : undefined),
  })
}

const headerType = avro.Type.forSchema({ type: 'map', values: 'bytes' })
const countType = avro.Type.forSchema('long')

/** An Avro object container file in one block, uncompressed, with the given entries in its header. */
export function writeAvroFile(
  type: avro.Type,
  schema: object,
  records: readonly unknown[],
  header: Readonly<Record<string, string>>,
): Buffer {
  const sync = randomBytes(SYNC_BYTES)
  const entries = { 'avro.schema': JSON.stringify(schema), 'avro.codec': 'null', ...header }
  const bytes = Object.entries(entries).map(([key, text]) => [key, Buffer.from(text)] as const)
  const body = Buffer.concat(records.map((record) => type.toBuffer(record)))
  const block =
    records.length === 0
      ? []
      : [countType.toBuffer(records.length), countType.toBuffer(body.length), body, sync]
  return Buffer.concat([MAGIC, headerType.toBuffer(Object.fromEntries(bytes)), sync, ...block])
}

/**
 * All records of an Avro file, read with the schema in its header; longs are bigints.
 *
 * @throws LakehouseError FORMAT_UNSUPPORTED for other codecs than `null`, `deflate` (which Java engines write unless told
 *   otherwise) and `zstandard`.
 */
export function readAvroFile(bytes: Buffer): readonly unknown[] {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw unsupported('no Avro file')
  const header = headerType.decode(bytes, MAGIC.length)
  const meta = header.value as Readonly<Record<string, Buffer>>
  const blocks = readBlocks(bytes, header.offset + SYNC_BYTES, String(meta['avro.codec'] ?? 'null'))
  const type = typeOf(String(meta['avro.schema']))
  return blocks.flatMap(({ count, body }) => readRecords(type, count, body))
}

/** By the text of the schema: making a type costs more than reading a file with it. A writer has one for each kind of file. */
const types = new Map<string, avro.Type>()
const MOST_TYPES = 1_000

function typeOf(schema: string): avro.Type {
  const known = types.get(schema)
  if (known !== undefined) return known
  const made = metadataType(JSON.parse(schema) as object)
  if (types.size >= MOST_TYPES) types.clear()
  types.set(schema, made)
  return made
}

type Block = { readonly count: number; readonly body: Buffer }

function readBlocks(bytes: Buffer, start: number, codec: string): readonly Block[] {
  const blocks: Block[] = []
  let offset = start
  while (offset < bytes.length) {
    const count = countType.decode(bytes, offset)
    const size = countType.decode(bytes, count.offset)
    const end = size.offset + Number(size.value)
    if (size.offset < 0 || end + SYNC_BYTES > bytes.length) throw unsupported('truncated')
    blocks.push({
      count: Number(count.value),
      body: decompress(codec, bytes.subarray(size.offset, end)),
    })
    offset = end + SYNC_BYTES
  }
  return blocks
}

function readRecords(type: avro.Type, count: number, body: Buffer): readonly unknown[] {
  const records: unknown[] = []
  let offset = 0
  for (let index = 0; index < count; index++) {
    const record = type.decode(body, offset)
    if (record.offset < 0) throw unsupported('truncated')
    records.push(record.value)
    offset = record.offset
  }
  return records
}

function decompress(codec: string, body: Buffer): Buffer {
  if (codec === 'null') return body
  if (codec === 'deflate') return inflateRawSync(body)
  if (codec === 'zstandard') return zstdDecompressSync(body)
  throw unsupported(`codec ${codec}`)
}

function unsupported(reason: string): LakehouseError {
  return new LakehouseError('FORMAT_UNSUPPORTED', `Avro file cannot be read: ${reason}`)
}

function isLong(schema: unknown): boolean {
  if (schema === 'long') return true
  return typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'long'
}
