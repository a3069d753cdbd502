import { parseAvroText } from '@tenseams/codec/avro-text'
import avro from 'avsc'
import { refuseBadAliases } from '../aliases.ts'
import { refuseBadDefaults } from '../defaults.ts'

/** A parsed Avro schema. */
export type Schema = {
  readonly type: avro.Type
  /** avsc knows no logical types without an implementation of each. */
  readonly logicalTypes: ReadonlyMap<avro.Type, string>
}

/** @throws Error when the text is not an Avro schema. */
export function parseAvro(text: string): Schema {
  const json = withinDoubles(parseAvroText(text))
  refuseBadAliases(json)
  refuseBadDefaults(json)
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
