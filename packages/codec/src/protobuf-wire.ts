import { isUtf8 } from 'node:buffer'
import protobuf from 'protobufjs'
import {
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  isNullable,
  matchAvro,
} from './avro.ts'
import { bounds, OutOfBoundsError } from './bounds.ts'
import { type ProtobufContract, parseProtobuf } from './protobuf.ts'

/** Encodes and decodes Protobuf without Confluent's frame. Both functions throw an Error when the contract is not met. */
export type ProtobufWire = {
  readonly envelopeName: string
  readonly toBuffer: (value: unknown) => Buffer
  readonly fromBuffer: (bytes: Buffer) => unknown
}

/**
 * The library encodes and decodes. What it accepts silently is refused here, because the record would be misread: a known
 * field with another wire type, invalid UTF-8, a cut after a whole field (Protobuf marks no end), an integer out of range.
 * Unknown fields are those of a newer contract, and are skipped.
 */
export function protobufWire(text: string): ProtobufWire {
  const { envelope, shape }: ProtobufContract = parseProtobuf(text)
  return {
    envelopeName: envelope.fullName,
    toBuffer: (value) => {
      checkBranches(shape, fields(value, shape.name))
      return Buffer.from(envelope.encode(toPlain(shape, value, shape.name) as Fields).finish())
    },
    fromBuffer: (bytes) => {
      checkWire({ reader: protobuf.Reader.create(bytes), items: 0 }, bytes.length, envelope)
      const value = fromPlain(shape, envelope.decode(bytes))
      checkBranches(shape, fields(value, shape.name))
      return value
    },
  }
}

/** `type` names the one branch that is set. With the type of a newer contract, no known branch is set. */
function checkBranches(shape: AvroRecord, value: Fields): void {
  if (!shape.fields.some((field) => field.name === 'type')) return
  if (typeof value.type !== 'string' || value.type === '') throw new Error('type is missing')
  for (const { name, type } of shape.fields) {
    const branch = isNullable(type) ? recordName(type[1]) : undefined
    const isSet = value[name] !== null && value[name] !== undefined
    if (branch !== undefined && isSet !== (branch === value.type)) {
      throw new Error(`type is ${value.type}, and ${name} is ${isSet ? 'set' : 'missing'}`)
    }
  }
}

function recordName(type: AvroType): string | undefined {
  return typeof type === 'object' && 'name' in type ? type.name : undefined
}

const MESSAGE_WIRE_TYPE = 2
const GROUP_WIRE_TYPE = 3
const GROUP_END_WIRE_TYPE = 4

type Walk = {
  readonly reader: protobuf.Reader /** Values of repeated fields so far. */
  items: number
}

/** The library's decoder reads a known field by its number and ignores its wire type. */
function checkWire(walk: Walk, end: number, message: protobuf.Type): void {
  const { reader } = walk
  while (reader.pos < end) {
    const { number, wireType } = tagOf(reader)
    const field = message.fieldsById[number]
    if (field === undefined) skipUnknown(reader, number, wireType, 0)
    else checkField(walk, wireType, field)
  }
  if (reader.pos !== end) throw new RangeError('a field is longer than its message')
}

function tagOf(reader: protobuf.Reader) {
  const tag = reader.uint32()
  if (tag < 8) throw new OutOfBoundsError('a field without a number')
  return { number: tag >>> 3, wireType: tag & 7 }
}

/** The library skips a group within groups by calling itself, once for each byte if need be. */
function skipUnknown(
  reader: protobuf.Reader,
  number: number,
  wireType: number,
  depth: number,
): void {
  if (wireType !== GROUP_WIRE_TYPE) {
    reader.skipType(wireType)
    return
  }
  if (depth >= bounds.maxDepth) throw new OutOfBoundsError(`nested deeper than ${bounds.maxDepth}`)
  for (;;) {
    const inner = tagOf(reader)
    if (inner.wireType === GROUP_END_WIRE_TYPE) {
      if (inner.number !== number) throw new OutOfBoundsError('a group ends within another')
      return
    }
    skipUnknown(reader, inner.number, inner.wireType, depth + 1)
  }
}

function checkField(walk: Walk, wireType: number, field: protobuf.Field): void {
  const { reader } = walk
  const expected = protobuf.types.basic[field.type as 'int64'] ?? MESSAGE_WIRE_TYPE
  const isPacked = field.repeated && wireType === MESSAGE_WIRE_TYPE
  if (wireType !== expected && !isPacked) {
    throw new Error(`${field.name} has wire type ${wireType} and not ${expected}`)
  }
  if (field.repeated) countItems(walk, wireType === expected ? 1 : packedItems(reader, expected))
  if (field.resolvedType instanceof protobuf.Type) {
    const length = reader.uint32()
    if (reader.pos + length > reader.len) throw new RangeError(`${field.name} is cut off`)
    checkWire(walk, reader.pos + length, field.resolvedType)
  } else if (field.type === 'string') {
    if (!isUtf8(reader.bytes())) throw new Error(`${field.name} is not UTF-8`)
  } else reader.skipType(wireType)
}

/** An empty message takes two bytes, and an object in memory. */
function countItems(walk: Walk, count: number): void {
  walk.items += count
  if (walk.items > bounds.maxItems) throw new OutOfBoundsError(`more than ${bounds.maxItems} items`)
}

const FIXED64_WIRE_TYPE = 1

/** How many values a packed field has at most; the reader stays before it. */
function packedItems(reader: protobuf.Reader, expected: number): number {
  const start = reader.pos
  const length = reader.uint32()
  reader.pos = start
  return expected === FIXED64_WIRE_TYPE ? Math.ceil(length / 8) : length
}

function noTimestamps(): never {
  throw new Error('a Protobuf contract has no logical types')
}

type Fields = Readonly<Record<string, unknown>>

/** The form that the library encodes: null branches are left out, longs are two halves. */
function toPlain(type: AvroType, value: unknown, path: string): unknown {
  return matchAvro<unknown>(type, {
    primitive: (primitive) => checked(primitive, value, path),
    timestamp: noTimestamps,
    nullable: (of) => (value === null ? undefined : toPlain(of, value, path)),
    array: (items) => {
      if (!Array.isArray(value)) throw new Error(`${path}: a list is expected`)
      return value.map((item, index) => toPlain(items, item, `${path}[${index}]`))
    },
    record: (record) => {
      const given = fields(value, path)
      const plain = record.fields.map(({ name, type: fieldType }) => {
        return [name, toPlain(fieldType, given[name], `${path}.${name}`)] as const
      })
      return Object.fromEntries(plain.filter(([, part]) => part !== undefined))
    },
  })
}

const holds: Readonly<Record<AvroPrimitive, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  int: (value) => typeof value === 'number' && value === (value | 0),
  long: (value) => typeof value === 'bigint' && value === BigInt.asIntN(64, value),
  double: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string' && value.isWellFormed(),
  bytes: (value) => Buffer.isBuffer(value),
}

function checked(primitive: AvroPrimitive, value: unknown, path: string): unknown {
  if (!holds[primitive](value)) throw new Error(`${path}: ${primitive} is expected`)
  return typeof value === 'bigint' ? halvesOf(value) : value
}

type Halves = { readonly low: number; readonly high: number; readonly unsigned: boolean }

function halvesOf(value: bigint): Halves {
  const low = Number(BigInt.asIntN(32, value))
  return { low, high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false }
}

function longOf({ low, high }: Halves): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0)
}

const defaults: Readonly<Record<AvroPrimitive, () => unknown>> = {
  boolean: () => false,
  int: () => 0,
  long: () => 0n,
  double: () => 0,
  string: () => '',
  bytes: () => Buffer.alloc(0),
}

/** From the form that the library decodes, in which only fields that were on the wire are own properties. */
function fromPlain(type: AvroType, found: unknown): unknown {
  return matchAvro<unknown>(type, {
    primitive: (primitive) => {
      if (found === undefined) return defaults[primitive]()
      return primitive === 'long' ? longOf(found as Halves) : found
    },
    timestamp: noTimestamps,
    nullable: (of) => (found === undefined ? null : fromPlain(of, found)),
    array: (items) => (Array.isArray(found) ? found.map((item) => fromPlain(items, item)) : []),
    record: (record) => {
      const given = fields(found, record.name)
      return Object.fromEntries(
        record.fields.map(({ name, type: fieldType }) => {
          return [name, fromPlain(fieldType, Object.hasOwn(given, name) ? given[name] : undefined)]
        }),
      )
    },
  })
}

function fields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Error(`${path}: an object is expected`)
}
