import protobuf from 'protobufjs'
import {
  type AvroField,
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  withoutFields,
} from './avro.ts'

/** A `.proto` file: its envelope, and the shape that its values have in Node and in the lake. */
export type ProtobufContract = {
  readonly envelope: protobuf.Type
  /** As an Avro record, so that the generators handle one set of types. */
  readonly shape: AvroRecord
}

/**
 * Reads the subset of Protobuf that has a counterpart in the Avro contracts (adr/0012-protobuf-beside-avro.md).
 *
 * A field with presence (`optional`, a message, a branch of a oneof) is nullable. A field without presence has its default
 * value when it is not on the wire, as Protobuf specifies. Names become camelCase.
 *
 * @throws Error with everything that is not allowed, one per line.
 */
export function parseProtobuf(text: string): ProtobufContract {
  const envelope = envelopeOf(text)
  const mistakes = /^syntax = "proto3";/m.test(text) ? [] : ['syntax = "proto3" is expected']
  mistakes.push(...unreadable(envelope, []))
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'))
  return { envelope, shape: recordOf(envelope) }
}

/** The file's first message: the one to which the message index on the wire points. */
export function envelopeOf(text: string): protobuf.Type {
  const parsed = protobuf.parse(text, { keepCase: false, alternateCommentMode: true })
  if (parsed.imports !== undefined) throw new Error('import: one file holds all of a contract')
  parsed.root.resolveAll()
  const inPackage = parsed.package === undefined ? null : parsed.root.lookup(parsed.package)
  const first = inPackage instanceof protobuf.Namespace ? inPackage.nestedArray[0] : undefined
  if (first instanceof protobuf.Type) return first
  throw new Error('a package and a message as its first entry are expected')
}

const primitives: Readonly<Record<string, AvroPrimitive>> = {
  bool: 'boolean',
  int32: 'int',
  int64: 'long',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
}

function unreadable(message: protobuf.Type, around: readonly protobuf.Type[]): readonly string[] {
  if (message.fieldsArray.length === 0) return [withoutFields(message.name)]
  return message.fieldsArray.flatMap((field) => {
    const path = `${message.name}.${field.name}`
    if (field instanceof protobuf.MapField) return [`${path}: maps have no order: use repeated`]
    if (field.resolvedType === null) return field.type in primitives ? [] : [whyNot(path, field)]
    if (field.resolvedType instanceof protobuf.Enum) {
      return [`${path}: an enum: use a string with a checked set, as in the other contracts`]
    }
    const within = [...around, message]
    if (within.includes(field.resolvedType)) return [`${path}: a message within itself`]
    return unreadable(field.resolvedType, within)
  })
}

function whyNot(path: string, { type }: protobuf.Field): string {
  const known = Object.keys(primitives).join(', ')
  return `${path}: type ${type}: of the scalars only ${known} are read by Node and Iceberg alike`
}

function recordOf(message: protobuf.Type): AvroRecord {
  return {
    type: 'record',
    name: message.name,
    ...docOf(message.comment),
    fields: message.fieldsArray.map(fieldOf),
  }
}

function fieldOf(field: protobuf.Field): AvroField {
  return { name: field.name, type: typeOf(field), ...docOf(field.comment) }
}

function typeOf(field: protobuf.Field): AvroType {
  const one = singleTypeOf(field)
  if (field.repeated) return { type: 'array', items: one }
  // In proto3 `optional` is a oneof of one field. The library's `hasPresence` is false for messages.
  const hasPresence = field.partOf !== null || field.resolvedType !== null
  return hasPresence ? ['null', one] : one
}

function singleTypeOf(field: protobuf.Field): AvroPrimitive | AvroRecord {
  if (field.resolvedType instanceof protobuf.Type) return recordOf(field.resolvedType)
  const primitive = primitives[field.type]
  if (primitive === undefined) throw new Error(`${field.fullName} was not looked at`)
  return primitive
}

function docOf(comment: string | null): { readonly doc?: string } {
  return comment === null ? {} : { doc: comment.replaceAll('\n', ' ') }
}

/** A contract's text without white space: two texts of one schema and one documentation have the same. */
export function canonicalProtobuf(text: string): string {
  const { root } = protobuf.parse(text, { keepCase: true, alternateCommentMode: true })
  return JSON.stringify(root.toJSON({ keepComments: true }))
}
