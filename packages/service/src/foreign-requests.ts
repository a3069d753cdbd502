import type { IncomingMessage } from 'node:http'
import { type Problem, problem, sendProblem } from './problem.ts'
import type { Server } from './server-type.ts'

/** A host name or address with an optional port, as Host carries it. */
const HOST_FORM = /^(?<name>\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::\d{1,5})?$/i
const LOOPBACK = /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/

/**
 * Refuses what a page of another site makes a browser on this machine send, before anything else looks at the request:
 *
 * - Host must name the loopback interface or one of `allowedHosts`. A name that an attacker's DNS points here (DNS
 *   rebinding) is in Host, so it is refused with 421, also for reading.
 * - Origin and Sec-Fetch-Site, which a page cannot forge, must say that the request is of our own origin; else 403.
 *   The one exception is a link that somebody follows: a GET that shows a page.
 *
 * Programs send neither Origin nor Sec-Fetch-Site, and are not concerned.
 */
export function refuseForeignRequests(server: Server, allowedHosts: readonly string[]): void {
  const allowed = new Set(allowedHosts.map((name) => name.trim().toLowerCase()))
  server.addHook('onRequest', async (request, reply) => {
    const refusal = refusalOf(request.raw, allowed)
    return refusal === undefined ? undefined : sendProblem(reply, refusal)
  })
}

function refusalOf(request: IncomingMessage, allowed: ReadonlySet<string>): Problem | undefined {
  const { host = '' } = request.headers
  const name = HOST_FORM.exec(host)?.groups?.name?.toLowerCase()
  if (name === undefined || isRepeated(request, 'host')) return hostUnreadable
  if (!LOOPBACK.test(name) && !allowed.has(name)) return hostUnknown
  return isOfAnotherSite(request, host) ? crossSite : undefined
}

/** Node keeps the first of two Host headers; a proxy before us may have looked at the other. */
function isRepeated({ rawHeaders }: IncomingMessage, header: string): boolean {
  return (
    rawHeaders.filter((each, index) => index % 2 === 0 && each.toLowerCase() === header).length > 1
  )
}

function isOfAnotherSite(request: IncomingMessage, host: string): boolean {
  const { origin } = request.headers
  if (origin !== undefined && !isOrigin(origin, host)) return true
  const site = request.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  return !(isReading(request) && request.headers['sec-fetch-mode'] === 'navigate')
}

/** The scheme is not compared: a proxy in front of us may speak TLS. */
function isOrigin(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return false
  return url.host === URL.parse(`${url.protocol}//${host}`)?.host
}

const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD'

const hostUnreadable = problem(
  'host-unreadable',
  400,
  'Host is missing or malformed',
  'Send one header Host with the name and the port of this service.',
)

const hostUnknown = problem(
  'host-unknown',
  421,
  'This service is not known by that name',
  'Use 127.0.0.1 or localhost, or add the name to ALLOWED_HOSTS of the service.',
)

const crossSite = problem(
  'cross-site',
  403,
  'Requests of other sites are refused',
  'Send the request from a page of this service, or from a program that is no browser.',
)
