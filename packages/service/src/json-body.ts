import type { Server } from './server-type.ts'

/** A body that is not one JSON value for everyone who reads it. The message says what to change. */
export class UnreadableBodyError extends Error {
  readonly code = 'BODY_UNREADABLE'
  readonly statusCode = 400
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Accepts JSON, and no other type, so that a page of another site cannot send a body without asking first (a "simple"
 * request is `text/plain`).
 *
 * What two readers would take differently, or what cannot be stored as it is, is refused with 400 rather than repaired:
 * bytes that are not UTF-8, half of a surrogate pair, a name that an object has twice.
 */
export function acceptJsonOnly(server: Server): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeContentTypeParser(['application/json', 'text/plain'])
  server.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      const text = decode(body)
      if (text instanceof Error) return done(text)
      return parse(request, text, (error, value) => done(error ?? faultIn(text) ?? null, value))
    },
  )
}

function decode(body: Buffer): string | UnreadableBodyError {
  try {
    return utf8.decode(body)
  } catch {
    return new UnreadableBodyError('the body is not UTF-8: send its text encoded as UTF-8')
  }
}

/** Strings, and the marks that say which of them are names. Everything else in valid JSON is passed over. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

/** What is ambiguous in a text that is valid JSON: undefined when nothing is. One pass, at any depth. */
export function faultIn(json: string): UnreadableBodyError | undefined {
  // The names so far of each object that is open; null for an array.
  const open: (Set<string> | null)[] = []
  let isName = false
  for (const [token] of json.matchAll(TOKENS)) {
    if (token.startsWith('"')) {
      const text = textOf(token)
      if (!text.isWellFormed()) return halfCharacter
      if (isName && open.at(-1)?.has(text)) return repeatedName(text)
      if (isName) open.at(-1)?.add(text)
    }
    if (token === '{') open.push(new Set())
    if (token === '[') open.push(null)
    if (token === '}' || token === ']') open.pop()
    isName = token === '{' || (token === ',' && open.at(-1) instanceof Set)
  }
  return undefined
}

/** Without escapes, what stands between the quotes is the text. */
function textOf(token: string): string {
  return token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1)
}

const halfCharacter = new UnreadableBodyError(
  'a text has half of a surrogate pair: send whole characters',
)

function repeatedName(name: string): UnreadableBodyError {
  const shown = JSON.stringify(name.slice(0, 64))
  return new UnreadableBodyError(`an object has the name ${shown} twice: send each name once`)
}
