import {
  type AvroField,
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  isNullable,
  matchAvro,
} from '@tenseams/codec/avro'

/** A value for tests of a contract, named after the branch that it sets. */
export type Sample = { readonly name: string; readonly value: Readonly<Record<string, unknown>> }

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/**
 * Values of a contract, always the same: one for each branch, and one without a branch in which every optional field is
 * null. Together they have both ends of int64, texts in several scripts and empty texts.
 */
export function samplesOf(shape: AvroRecord): readonly Sample[] {
  const branches = shape.fields.filter((field) => branchName(field) !== undefined)
  const bare = sample(shape, 'no branch', 0)
  return [
    { name: bare.name, value: { ...bare.value, ...optionalNulls(shape) } },
    ...branches.flatMap((field, index) => sampleOfBranch(shape, field, index + 1)),
    ...(branches.length > 0 ? [] : [sample(shape, 'every field', 1)]),
  ]
}

function sampleOfBranch(shape: AvroRecord, field: AvroField, index: number): readonly Sample[] {
  const name = branchName(field)
  const record = isNullable(field.type) ? field.type[1] : field.type
  if (name === undefined) return []
  const { value } = sample(shape, name, index)
  const branch = { [field.name]: sampleValue(record, index) }
  return [{ name, value: { ...value, ...typeNamed(shape, name), ...branch } }]
}

/** Every field except the branches, which are null. */
function sample(shape: AvroRecord, name: string, index: number): Sample {
  const fields = shape.fields.map((field, offset) => {
    const isBranch = branchName(field) !== undefined
    return [field.name, isBranch ? null : sampleValue(field.type, index + offset)] as const
  })
  return { name, value: { ...Object.fromEntries(fields), ...typeNamed(shape, 'tick') } }
}

/** `type` names a branch in contracts that have branches. */
function typeNamed(shape: AvroRecord, name: string) {
  return shape.fields.some((field) => field.name === 'type') ? { type: name } : {}
}

function optionalNulls(shape: AvroRecord) {
  return Object.fromEntries(
    shape.fields.filter(({ type }) => isNullable(type)).map(({ name }) => [name, null]),
  )
}

/** The record of a nullable branch; undefined for every other field. */
function branchName({ type }: AvroField): string | undefined {
  if (!isNullable(type)) return undefined
  const [, of] = type
  return typeof of === 'object' && 'fields' in of ? of.name : undefined
}

const texts = ['Ω€ 日本 😀 "\' \\', '', 'второй,b;c\n\t']

const primitives: Readonly<Record<AvroPrimitive, (index: number) => unknown>> = {
  boolean: (index) => index % 2 === 0,
  int: (index) => (index % 2 === 0 ? 2 ** 31 - 1 : -(2 ** 31)),
  long: (index) => (index % 2 === 0 ? INT64_MAX : INT64_MIN),
  double: (index) => (index % 2 === 0 ? 0.1 : -Number.MAX_VALUE),
  string: (index) => texts[index % texts.length],
  bytes: (index) => Buffer.of(0, 255, index),
}

/** A list has two items, and one within another list: otherwise a value would double with every list around it. */
function sampleValue(type: AvroType, index: number, isInList = false): unknown {
  return matchAvro<unknown>(type, {
    primitive: (primitive) => primitives[primitive](index),
    // Before 1970, or far in the future and with milliseconds.
    timestamp: () => (index % 2 === 0 ? -1 : 4_102_444_800_001),
    nullable: (of) => sampleValue(of, index, isInList),
    array: (items) => {
      const indexes = isInList ? [index] : [index, index + 1]
      return indexes.map((each) => sampleValue(items, each, true))
    },
    record: ({ fields }) =>
      Object.fromEntries(
        fields.map(({ name, type: of }, offset) => [
          name,
          sampleValue(of, index + offset, isInList),
        ]),
      ),
  })
}
