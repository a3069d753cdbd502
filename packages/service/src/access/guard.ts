import type { Access, RouteRights } from '@tenseams/identities/routes'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Problem, sendProblem, shortened } from '../problem.ts'
import type { Server } from '../server-type.ts'
import type { AuditLog, Use } from './audit-log.ts'
import type { Callers } from './callers.ts'
import { notPermitted, tokenInAddress, tokenMissing, tokenUnknown } from './refusals.ts'
import { type Caller, isAllowed, nameOf } from './rights.ts'
import { hasTokenInAddress, tokenOf } from './token.ts'

declare module 'fastify' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: only an interface can be added to.
  interface FastifyContextConfig {
    /** Set from the declaration of the service's routes, never by a route itself. */
    access?: Access
  }
  // biome-ignore lint/style/useConsistentTypeDefinitions: only an interface can be added to.
  interface FastifyRequest {
    /** Who sends it; undefined without a token. */
    caller: Caller | undefined
    /** What the guard has found: undefined before it has looked. */
    verdict: 'permitted' | Problem | undefined
  }
}

/** Who may use which route of a service, who is known there, and where it is written down. */
export type AccessControl = {
  readonly rights: RouteRights
  readonly callers: Callers
  readonly audit: AuditLog
}

/** A route has no declared right, or a right is declared for a route that does not exist. */
export class RightsError extends Error {
  readonly code = 'RIGHTS_INCOMPLETE'
  readonly retriable = false
}

/**
 * Holds every request against the declared right of its route. A service whose routes and rights do not agree does not start.
 *
 * Who sends a token that is not known is refused on public routes, too: it would take itself for somebody who it is not.
 * Every use of a control route is in the audit log, a refused one as well. Calls between services that are part of the business
 * (`only`) are there when they are refused: what they did otherwise is in the books.
 */
export function guardRoutes(server: Server, name: string, control: AccessControl): void {
  declareRights(server, name, control.rights)
  server.decorateRequest('caller', undefined)
  server.decorateRequest('verdict', undefined)
  server.addHook('onRequest', (request, reply, done) => {
    const refusal = judge(request, control.callers)
    request.verdict = refusal ?? 'permitted'
    if (refusal === undefined) return done()
    if (refusal.status === 401) void reply.header('www-authenticate', challengeOf(request))
    sendProblem(reply, refusal)
  })
  server.addHook('onSend', (request, reply, payload, done) => {
    if (isAudited(request)) control.audit.write(useOf(name, request, reply))
    done(null, payload)
  })
  server.addHook('onClose', async () => control.audit.close())
}

/** Each route gets its right when it is added; what does not agree is known when all are. */
function declareRights(server: Server, name: string, rights: RouteRights): void {
  const undeclared = new Set<string>()
  const unused = new Set(Object.keys(rights))
  server.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) {
      const right = nameOf(rights, method, route.url) ?? ''
      const access = rights[right]
      if (access === undefined) undeclared.add(`${method} ${route.url}`)
      else route.config = { ...route.config, access }
      unused.delete(right)
    }
  })
  server.addHook('onReady', async () => {
    const mistakes = [
      ...[...undeclared].map((route) => `${route} has no declared right`),
      ...[...unused].map((route) => `${route} has a right, and does not exist`),
    ]
    if (mistakes.length === 0) return
    throw new RightsError(
      `${name}: ${mistakes.join('; ')}. Each route has one line in packages/identities/src/routes.ts`,
    )
  })
}

/** Why the request is refused; undefined when it is not. */
function judge(request: FastifyRequest, callers: Callers): Problem | undefined {
  if (hasTokenInAddress(request)) return tokenInAddress
  const token = tokenOf(request.raw)
  if (token !== undefined) {
    request.caller = token === 'unreadable' ? undefined : callers.callerOf(token.text)
    if (request.caller === undefined) return tokenUnknown
  }
  const { caller } = request
  // Without a right, for nobody: a service that has such a route does not start.
  const { access = { only: [] } } = request.routeOptions.config
  if (access === 'public' || isAllowed(access, caller)) return undefined
  return caller === undefined ? tokenMissing(access) : notPermitted(access, caller)
}

/** RFC 6750, section 3. */
function challengeOf({ headers }: FastifyRequest): string {
  const realm = 'Bearer realm="ten-seams"'
  return headers.authorization === undefined ? realm : `${realm}, error="invalid_token"`
}

function isAudited({ routeOptions, verdict }: FastifyRequest): boolean {
  if (typeof verdict === 'object') return true
  const { access = 'public' } = routeOptions.config
  if (access === 'public') return false
  return 'role' in access || verdict === undefined
}

function useOf(service: string, request: FastifyRequest, reply: FastifyReply): Use {
  const { caller, verdict, method, routeOptions, raw, ip } = request
  return {
    at: new Date().toISOString(),
    service,
    identity: caller?.identity ?? null,
    role: caller?.role ?? null,
    method,
    route: routeOptions.url ?? null,
    path: shortened((raw.url ?? '').split('?')[0] ?? ''),
    outcome: verdict === 'permitted' ? 'allowed' : 'refused',
    status: reply.statusCode,
    reason: typeof verdict === 'object' ? verdict.type : null,
    from: `${ip}:${raw.socket.remotePort ?? 0}`,
    requestId: request.id,
  }
}
