import { Type } from 'typebox'
import { v5 as uuidv5, validate } from 'uuid'

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

/** An id in a record is no UUID. That is the record's own fault, and no retry changes it. */
export class InvalidIdError extends Error {
  readonly code = 'ID_INVALID'
  readonly retriable = false

  constructor(id: string) {
    super(`${JSON.stringify(id.slice(0, 64))} is no UUID`)
  }
}

/** Before anything is done because of a record. @throws InvalidIdError */
export function assertIds({ eventId, streamId }: RecordIds): void {
  for (const id of [eventId, streamId]) if (!validate(id)) throw new InvalidIdError(id)
}

type RecordIds = { readonly eventId: string; readonly streamId: string }

/** The same id for the same name and origin, so what is done again after a crash has the same id. @throws InvalidIdError */
export function derivedId(name: string, from: string): string {
  if (!validate(from)) throw new InvalidIdError(from)
  return uuidv5(name, from)
}
