import protobuf from 'protobufjs'
import type { AvroField, AvroPrimitive, AvroRecord, AvroType } from './avro.ts'

/** A `.proto` file: its envelope, and the shape that a value of it has in Node and in the lake. */
export type ProtobufContract = {
  readonly envelope: protobuf.Type
  /** In the words of Avro, so that whatever is generated from contracts knows one set of types. */
  readonly shape: AvroRecord
}

/**
 * Reads the part of Protobuf that has a counterpart in the other contracts (adr/0012-protobuf-beside-avro.md). The
 * envelope is the file's first message, to which the one message index that is written on the wire points.
 *
 * A field with presence (`optional`, a message, a branch of a oneof) is nullable. One without has its default value
 * when it is not on the wire, as Protobuf has it. Names become camelCase.
 *
 * @throws Error with everything that cannot be used, one a line.
 */
export function parseProtobuf(text: string): ProtobufContract {
  const envelope = envelopeOf(text)
  const mistakes = /^syntax = "proto3";/m.test(text) ? [] : ['syntax = "proto3" is expected']
  mistakes.push(...unreadable(envelope, []))
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'))
  return { envelope, shape: recordOf(envelope) }
}

/** The file's first message, to which the one message index that is written on the wire points. */
export function envelopeOf(text: string): protobuf.Type {
  const parsed = protobuf.parse(text, { keepCase: false, alternateCommentMode: true })
  if (parsed.imports !== undefined) throw new Error('import: one file holds all of a contract')
  parsed.root.resolveAll()
  const inPackage = parsed.package === undefined ? null : parsed.root.lookup(parsed.package)
  const first = inPackage instanceof protobuf.Namespace ? inPackage.nestedArray[0] : undefined
  if (first instanceof protobuf.Type) return first
  throw new Error('a package and a message as its first entry are expected')
}

/** Each field's name as the file has it, by `Message.number`, as a field is known on the wire. */
export function fieldNames(text: string): ReadonlyMap<string, string> {
  const { root, package: name = '' } = protobuf.parse(text, { keepCase: true })
  const start = root.lookup(name)
  return new Map(start instanceof protobuf.Namespace ? namesWithin(start, '') : [])
}

function namesWithin(
  space: protobuf.Namespace,
  path: string,
): readonly (readonly [string, string])[] {
  return space.nestedArray.flatMap((entry) => {
    if (!(entry instanceof protobuf.Type)) return []
    const fields = entry.fieldsArray.map(
      (field) => [`${path}${entry.name}.${field.id}`, field.name] as const,
    )
    return [...fields, ...namesWithin(entry, `${path}${entry.name}.`)]
  })
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
  return message.fieldsArray.flatMap((field) => {
    const place = `${message.name}.${field.name}`
    if (field instanceof protobuf.MapField) return [`${place}: maps have no order: use repeated`]
    if (field.resolvedType === null) return field.type in primitives ? [] : [whyNot(place, field)]
    if (field.resolvedType instanceof protobuf.Enum) {
      return [`${place}: an enum: use a string with a checked set, as in the other contracts`]
    }
    const within = [...around, message]
    if (within.includes(field.resolvedType)) return [`${place}: a message within itself`]
    return unreadable(field.resolvedType, within)
  })
}

function whyNot(place: string, { type }: protobuf.Field): string {
  const known = Object.keys(primitives).join(', ')
  return `${place}: type ${type}: of the scalars only ${known} are read by Node and Iceberg alike`
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
  // `optional` is a oneof of one field in proto3; the library's own `hasPresence` leaves messages out.
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
