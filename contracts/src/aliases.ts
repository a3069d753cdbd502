const NAME = /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*$/

/**
 * Avro's libraries in other languages refuse a schema whose `aliases` is not a list of names. avsc takes what it finds, and
 * searches a text as if it were a list.
 *
 * @param json a parsed schema.
 * @throws Error
 */
export function refuseBadAliases(json: unknown, path = ''): void {
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
