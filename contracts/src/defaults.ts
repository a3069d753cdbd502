/**
 * Refuses what a schema of Avro takes for a default, but writes with other bytes in Node than in Java: bytes are code points
 * up to 255, one for each byte, and half of a character has no bytes at all.
 *
 * @param json a parsed schema.
 * @throws Error
 */
export function refuseBadDefaults(json: unknown, path = ''): void {
  if (Array.isArray(json)) {
    for (const branch of json) refuseBadDefaults(branch, path)
  } else if (isObject(json)) {
    for (const part of [json.type, json.items]) refuseBadDefaults(part, path)
    for (const field of Array.isArray(json.fields) ? json.fields : []) {
      if (!isObject(field)) continue
      const own = path === '' ? String(field.name) : `${path}.${field.name}`
      if (field.type === undefined) throw new Error(`${own}: the type is missing`)
      refuseBadDefaults(field, own)
      if ('default' in field) refuseBadDefault(field.type, field.default, own)
    }
  }
}

/** A union's default is one of its first branch. */
function refuseBadDefault(type: unknown, value: unknown, path: string): void {
  if (Array.isArray(type)) {
    refuseBadDefault(type[0], value, path)
  } else if (typeof value === 'string') {
    const why = whyNot(type, value)
    if (why !== undefined) throw new Error(`the default of ${path} has ${why}`)
  } else if (isObject(type) && Array.isArray(value)) {
    for (const item of value) refuseBadDefault(type.items, item, `${path}[]`)
  } else if (isObject(type) && Array.isArray(type.fields) && isObject(value)) {
    for (const field of type.fields.filter(isObject)) {
      refuseBadDefault(field.type, value[String(field.name)], `${path}.${field.name}`)
    }
  }
}

function whyNot(type: unknown, value: string): string | undefined {
  const isBytes = type === 'bytes' || (isObject(type) && type.type === 'bytes')
  if (isBytes && [...value].some((character) => (character.codePointAt(0) ?? 0) > 255)) {
    return 'a code point above 255, which is no byte'
  }
  return value.isWellFormed() ? undefined : 'half of a character, which has no bytes in UTF-8'
}

type Json = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
