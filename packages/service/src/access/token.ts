import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** The credentials of RFC 6750; a scheme has no case. */
const BEARER = /^bearer +(?<text>[A-Za-z0-9\-._~+/]{1,512}=*)$/i

/** Names under which clients put a token into an address. */
const inAddresses = new Set(['access_token', 'authorization', 'bearer', 'token'])

/**
 * The token in Authorization: undefined without that header, `unreadable` for anything but one bearer token. Node keeps the first
 * of two headers; a proxy before us may have looked at the other, so two are unreadable.
 */
export function tokenOf(
  request: IncomingMessage,
): { readonly text: string } | 'unreadable' | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  const text = BEARER.exec(authorization)?.groups?.text
  return text === undefined || isRepeated(request.rawHeaders) ? 'unreadable' : { text }
}

function isRepeated(rawHeaders: readonly string[]): boolean {
  const isName = (each: string, index: number) =>
    index % 2 === 0 && each.toLowerCase() === 'authorization'
  return rawHeaders.filter(isName).length > 1
}

/** Addresses end in logs, histories and referrers. */
export function hasTokenInAddress({ query }: FastifyRequest): boolean {
  for (const name in query as object) if (inAddresses.has(name.toLowerCase())) return true
  return false
}
