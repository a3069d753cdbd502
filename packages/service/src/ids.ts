import { Type } from 'typebox'

/** As RFC 9562 and its relatives spell one id: in any case, as a URN, in braces. */
const SPELLINGS =
  /^(?:urn:uuid:)?(?<opening>\{?)(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?<closing>\}?)$/i

/** The one spelling in which an id is stored, compared and used as a key; undefined for what is no id. */
export function canonicalId(text: string): string | undefined {
  const { id, opening, closing } = SPELLINGS.exec(text)?.groups ?? {}
  const isWhole = (opening === '{') === (closing === '}')
  return isWhole ? id?.toLowerCase() : undefined
}

const KEYWORD = 'x-canonical-id'

/**
 * An id in a request. The server replaces it by its canonical spelling while it validates the request, so that a route
 * never sees another one, and two spellings are one id everywhere behind it.
 */
export const Id = (options: { readonly description?: string } = {}) =>
  Type.String({ ...options, format: 'uuid', [KEYWORD]: true })

type Position = {
  readonly parentData: Record<string | number, unknown>
  readonly parentDataProperty: string | number
}

/** For the options of Ajv. `format` then sees the canonical spelling, and refuses what is no id. */
export const canonicalIdKeyword = {
  keyword: KEYWORD,
  before: 'format',
  type: 'string',
  schemaType: 'boolean',
  modifying: true,
  errors: false,
  validate: (_isOn: boolean, text: string, _schema?: unknown, position?: Position): boolean => {
    const id = canonicalId(text)
    if (id !== undefined && position) position.parentData[position.parentDataProperty] = id
    return true
  },
} as const
