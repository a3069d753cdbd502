/**
 * An Avro schema's JSON with exact integers. `JSON.parse` alone rounds an integer above 2^53, so a `long` would get another
 * default than the one that the schema names.
 *
 * A default of a plain `long` that a double cannot hold becomes a bigint; every other number stays a number.
 *
 * @throws Error when the text is not JSON, the default of a plain `long` is not a whole number of 64 bits, or the default of
 *   an `int` or a `long` is written as `1.0` or `1e0`: Avro's Java, and so the registry and Flink, takes that for a double.
 */
export function parseAvroText(text: string): unknown {
  return typed(parseExactly(text))
}

type SourceAwareParse = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

// The third parameter is in Node 24, not yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source
const parseWithSource = JSON.parse as SourceAwareParse

/** A whole number that is written with a point or an exponent. */
class WithPoint {
  readonly value: number
  readonly source: string

  constructor(value: number, source: string) {
    this.value = value
    this.source = source
  }
}

function parseExactly(text: string): unknown {
  return parseWithSource(text, (_key, value, { source }) => {
    if (!Number.isInteger(value) || source === undefined) return value
    if (!/^-?\d+$/.test(source)) return new WithPoint(Number(value), source)
    return Number.isSafeInteger(value) ? value : BigInt(source)
  })
}

type Entries = Readonly<Record<string, unknown>>

/** A type in a schema, with the defaults of its fields. */
function typed(type: unknown): unknown {
  if (Array.isArray(type)) return type.map(typed)
  if (!isObject(type)) return type
  const entries = Object.entries(type).map(([name, value]) => [name, entryOf(name, value)])
  return Object.fromEntries(entries)
}

function entryOf(name: string, value: unknown): unknown {
  if (name === 'type' || name === 'items' || name === 'values') return typed(value)
  if (name === 'fields' && Array.isArray(value)) return value.map(fieldOf)
  return rounded(value)
}

function fieldOf(field: unknown): unknown {
  if (!isObject(field)) return field
  const type = typed(field.type)
  const others = Object.entries(field).map(([name, value]) => [name, rounded(value)])
  const plain = { ...Object.fromEntries(others), type }
  if (!('default' in field)) return plain
  return { ...plain, default: defaultOf(field.type, field.default, String(field.name)) }
}

/** A union's default is one of its first branch. */
function defaultOf(type: unknown, value: unknown, path: string): unknown {
  if (Array.isArray(type)) return defaultOf(type[0], value, path)
  if (isWhole(type) && value instanceof WithPoint) {
    const { source } = value
    throw new Error(`the default of ${path} is written with a point or an exponent: ${source}`)
  }
  if (isPlainLong(type)) return longOf(value, path)
  if (!isObject(type)) return rounded(value)
  if (type.type === 'array' && Array.isArray(value)) {
    return value.map((item) => defaultOf(type.items, item, `${path}[]`))
  }
  if (type.type === 'record' && Array.isArray(type.fields) && isObject(value)) {
    const types = new Map(type.fields.filter(isObject).map((field) => [field.name, field.type]))
    const entries = Object.entries(value).map(([name, entry]) => [
      name,
      defaultOf(types.get(name), entry, `${path}.${name}`),
    ])
    return Object.fromEntries(entries)
  }
  return rounded(value)
}

/** With or without a logical type. */
function isWhole(type: unknown): boolean {
  const name = isObject(type) ? type.type : type
  return name === 'int' || name === 'long'
}

/** A `long` without a logical type. */
export function isPlainLong(type: unknown): boolean {
  return type === 'long' || (isObject(type) && type.type === 'long' && !('logicalType' in type))
}

function longOf(value: unknown, path: string): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
  const given = typeof value === 'bigint' ? value : JSON.stringify(value)
  throw new Error(`the default of ${path} is ${given}: a whole number of 64 bits is expected`)
}

function rounded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof WithPoint) return value.value
  if (Array.isArray(value)) return value.map(rounded)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, rounded(entry)]))
}

function isObject(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
