import { parseAvroText } from '@tenseams/codec/avro-text'
import avro from 'avsc'

/** A parsed Avro schema. */
export type Schema = {
  readonly type: avro.Type
  /** avsc knows no logical types without an implementation of each. */
  readonly logicalTypes: ReadonlyMap<avro.Type, string>
}

/** @throws Error when the text is not an Avro schema. */
export function parseAvro(text: string): Schema {
  const json = withinDoubles(parseAvroText(text))
  refuseBadAliases(json, '')
  const logicalTypes = new Map<avro.Type, string>()
  const typeHook = (schema: avro.Schema, options: object): avro.Type | undefined => {
    if (typeof schema !== 'object' || !('logicalType' in schema)) return undefined
    const { logicalType, ...plain } = schema as { readonly logicalType: unknown }
    const type = avro.Type.forSchema(plain as avro.Schema, options)
    logicalTypes.set(type, logicalTypeWord(logicalType, plain))
    return type
  }
  const type = avro.Type.forSchema(json as avro.Schema, { typeHook })
  return { type, logicalTypes }
}

/** avsc's own long refuses a default above this, but which bytes can be read does not depend on a default's value. */
const LARGEST = 9_007_199_254_740_990

function withinDoubles(json: unknown): unknown {
  return JSON.parse(
    JSON.stringify(json, (_key, value: unknown) => {
      const isWide = typeof value === 'bigint' || Number.isInteger(value)
      return isWide && Math.abs(Number(value)) > LARGEST
        ? Math.sign(Number(value)) * LARGEST
        : value
    }),
  )
}

/** With precision and scale, because a decimal of another scale is another number. */
function logicalTypeWord(logicalType: unknown, plain: object): string {
  const { precision, scale = 0 } = plain as {
    readonly precision?: unknown
    readonly scale?: unknown
  }
  return precision === undefined ? String(logicalType) : `${logicalType}(${precision}, ${scale})`
}

const NAME = /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*$/

/**
 * Avro's libraries in other languages refuse a schema whose `aliases` is not a list of names. avsc takes what it finds, and
 * searches a text as if it were a list.
 */
function refuseBadAliases(json: unknown, path: string): void {
  if (Array.isArray(json)) {
    for (const branch of json) refuseBadAliases(branch, path)
  } else if (isObject(json)) {
    refuseBadAliasesOf(json, path)
    for (const part of [json.type, json.items, json.values]) refuseBadAliases(part, path)
    for (const field of Array.isArray(json.fields) ? json.fields : []) {
      if (!isObject(field)) continue
      refuseBadAliases(field, path === '' ? String(field.name) : `${path}.${field.name}`)
    }
  }
}

function refuseBadAliasesOf({ aliases = [] }: Json, path: string): void {
  const isList = Array.isArray(aliases) && aliases.every(isName)
  if (isList) return
  const where = path === '' ? 'the schema' : path
  throw new Error(`${where}: aliases is a list of names, not ${JSON.stringify(aliases)}`)
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && NAME.test(value)
}

type Json = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
