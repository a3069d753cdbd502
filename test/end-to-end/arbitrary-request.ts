import fc from 'fast-check'

/** The part of JSON Schema that our own documents use. */
export type JsonSchema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

type Parameter = {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: JsonSchema
}

type Operation = {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>
  }
  readonly responses: Readonly<Record<string, unknown>>
}

export type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** A request as it goes over the wire; `route` and `statuses` are what the document says about it. */
export type WireRequest = {
  readonly method: string
  readonly route: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly statuses: readonly string[]
}

/** Values that are in the document's words only: ids that a run can be told by. */
export type Known = {
  readonly uuid: fc.Arbitrary<string>
  readonly key: fc.Arbitrary<string>
  /** Bodies of orders at the catalogue's prices, which the document does not say. */
  readonly order: fc.Arbitrary<unknown>
}

/**
 * Requests to every operation of an OpenAPI document: valid ones, ones with a single mistake, and nonsense. What a
 * request has that the document does not name comes from here: broken JSON, other types, numbers beyond all bounds,
 * repeated and dangerous names, text that databases and terminals dislike.
 */
export function arbitraryRequest(document: OpenApi, known: Known): fc.Arbitrary<WireRequest> {
  const operations = Object.entries(document.paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      requestTo({ route, method: method.toUpperCase(), operation, known }),
    ),
  )
  return fc.oneof(...operations)
}

type Target = {
  readonly route: string
  readonly method: string
  readonly operation: Operation
  readonly known: Known
}

function requestTo({ route, method, operation, known }: Target): fc.Arbitrary<WireRequest> {
  const parameters = operation.parameters ?? []
  const schema = operation.requestBody?.content['application/json']?.schema
  return fc
    .record({
      path: pathOf(route, parameters, known),
      headers: headersOf(parameters, known),
      contentType: fc.oneof(
        { weight: 30, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/xml', 'nonsense', '') },
      ),
      body: schema === undefined ? fc.constant(undefined) : bodyOf(schema, known),
    })
    .map(({ path, headers, contentType, body }) => ({
      method,
      route,
      path,
      headers: body === undefined ? headers : { ...headers, 'content-type': contentType },
      body,
      statuses: Object.keys(operation.responses),
    }))
}

function pathOf(
  route: string,
  parameters: readonly Parameter[],
  known: Known,
): fc.Arbitrary<string> {
  const named = parameters.filter((parameter) => parameter.in === 'path')
  const values = named.map(({ name, schema }) =>
    fc
      .oneof(
        { weight: 8, arbitrary: allowedBy(schema, known).map(String) },
        { weight: 1, arbitrary: oddText.map(encodeURIComponent) },
        { weight: 1, arbitrary: fc.constantFrom('%00', '%zz', '%2e%2e', '..;', '1', '%F0%28') },
      )
      .map((value) => [name, value] as const),
  )
  return fc
    .tuple(...values)
    .map((pairs) => pairs.reduce((path, [name, value]) => path.replace(`{${name}}`, value), route))
}

function headersOf(
  parameters: readonly Parameter[],
  known: Known,
): fc.Arbitrary<Readonly<Record<string, string>>> {
  const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map((text) => text.trim())
  const pairs = parameters
    .filter((parameter) => parameter.in === 'header')
    .map(({ name }) =>
      fc
        .oneof(
          { weight: 12, arbitrary: name === 'idempotency-key' ? known.key : tag },
          { weight: 1, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: name === 'idempotency-key' ? fc.constantFrom('', 'a b') : ascii },
        )
        .map((value) => [name, value] as const),
    )
  return fc
    .tuple(...pairs)
    .map((all) =>
      Object.fromEntries(
        all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    )
}

const tag = fc.oneof(
  fc.integer({ min: 0, max: 4 }).map((version) => `"${version}"`),
  fc.constantFrom('*', 'W/"1"', '"1", "2"', '1', '""', '"99999999999999999999"'),
)

function bodyOf(schema: JsonSchema, known: Known): fc.Arbitrary<string> {
  const valid = allowedBy(schema, known)
  const text = valid.map((value) => JSON.stringify(value))
  return fc.oneof(
    { weight: 3, arbitrary: text },
    { weight: 6, arbitrary: fc.tuple(valid, mistake).map(([value, make]) => make(value)) },
    { weight: 2, arbitrary: fc.tuple(text, fc.nat()).map(([json, at]) => cut(json, at)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(...nonsense) },
  )
}

const cut = (json: string, at: number): string => json.slice(0, at % json.length)

const nonsense = [
  '',
  'null',
  '[]',
  '"order"',
  '{}',
  '{"__proto__":{"lines":[]}}',
  '{"constructor":{"prototype":{}}}',
  '\uFEFF{}',
  '[['.repeat(2_000),
  `{"lines":[${'{"sku":"a","quantity":1,"priceMinor":1},'.repeat(2_000)}]}`,
]

const oddTexts = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  'a\u0000b',
  '\u202Etfel',
  'é',
  '日本',
  '😀',
  "';--",
  '%',
  '\\',
  '\n',
]
const oddText = fc.oneof(
  fc.constantFrom('', ' ', '\u0000', '\u202E', '日本', '😀', "';--", '%', '..', 'null'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
)

/** JSON as text, because some of it no JavaScript value says. */
const oddJson = fc.oneof(
  fc.constantFrom('1e400', '-1e400', '1e-400', '-0', '9007199254740993', '0.1', '-1', '1e9', '00'),
  fc.constantFrom('null', 'true', '{}', '[]', '[[]]', '"1"', '{"a":{"b":null}}', 'NaN'),
  fc.constantFrom(...oddTexts).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"'),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => JSON.stringify(text)),
  fc.bigInt().map(String),
)

/** One mistake somewhere: a value replaced, left out, doubled, or added. */
const mistake: fc.Arbitrary<(value: unknown) => string> = fc
  .tuple(fc.nat(), oddJson, fc.constantFrom('replace', 'omit', 'double', 'add'))
  .map(([place, odd, kind]) => (value: unknown) => {
    const json = JSON.stringify(value)
    const members = [...json.matchAll(/"(\w+)":("[^"]*"|-?\d+|true|false|null)(,?)/g)]
    const member = members[place % Math.max(1, members.length)]
    if (member === undefined) return odd
    const [whole, name, , comma] = member
    const others = {
      replace: `"${name}":${odd}${comma}`,
      omit: '',
      double: `${whole}${comma === '' ? ',' : ''}"${name}":${odd}${comma}`,
      add: `"x${name}":${odd},${whole}`,
    }
    const made = others[kind as keyof typeof others]
    return json.slice(0, member.index) + made + json.slice(member.index + whole.length)
  })

/** Any value that a schema allows. */
export function allowedBy(schema: JsonSchema, known: Known): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) {
    return fc.oneof(...schema.anyOf.map((one) => allowedBy(one, known)))
  }
  switch (schema.type) {
    case 'object':
      return objectOf(schema, known)
    case 'array': {
      const bounds = {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      }
      return fc.array(allowedBy(schema.items ?? {}, known), bounds)
    }
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000 })
    case 'string':
      return textOf(schema, known)
    default:
      throw new Error(`no values are known for ${JSON.stringify(schema)}`)
  }
}

function objectOf(schema: JsonSchema, known: Known): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {})
  const members = Object.fromEntries(properties.map(([name, one]) => [name, allowedBy(one, known)]))
  const made = fc.record(members, { requiredKeys: [...(schema.required ?? [])] })
  if (!properties.some(([name]) => name === 'lines')) return made
  return fc.oneof({ weight: 4, arbitrary: known.order }, { weight: 1, arbitrary: made })
}

function textOf(schema: JsonSchema, known: Known): fc.Arbitrary<string> {
  if (schema.format === 'uuid') return known.uuid
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern, 'u'))
  const bounds = { minLength: schema.minLength ?? 0, maxLength: schema.maxLength ?? 50 }
  return fc.oneof(fc.string(bounds), fc.string({ ...bounds, unit: 'binary' }))
}
