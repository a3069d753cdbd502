import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { openHistogram } from '@tenseams/telemetry/instruments'
import { traceFields } from '@tenseams/telemetry/tracing/log-fields'
import type { Tracing } from '@tenseams/telemetry/tracing/open'
import Fastify, { LogController } from 'fastify'
import type { Registry } from 'prom-client'
import { guardRoutes } from './access/guard.ts'
import type { OpenAccess } from './access/open.ts'
import { messageOf } from './causes.ts'
import { answerClientError, answerExpectations } from './client-errors.ts'
import { refuseForeignRequests } from './foreign-requests.ts'
import { addSecurityHeaders } from './headers.ts'
import { canonicalIdKeyword } from './ids.ts'
import { acceptJsonOnly } from './json-body.ts'
import { answerError, problem, sendProblem } from './problem.ts'
import { traceRequests } from './request-traces.ts'
import type { Server } from './server-type.ts'
import { withTimeout } from './timeout.ts'
import { answerUnrouted } from './unrouted.ts'

export type { Server } from './server-type.ts'

/** Throws when the part that it checks is not ready. It has two seconds. */
export type ReadyCheck = () => Promise<void> | void

export type ServerOptions = {
  readonly name: string
  readonly logLevel: string
  readonly metrics: Registry
  readonly ready: Readonly<Record<string, ReadyCheck>>
  readonly bodyLimitBytes?: number
  /** Names in Host by which clients reach the service, besides those of the loopback interface. */
  readonly allowedHosts?: readonly string[]
  /** Who may use which route: `accessOf(<service>, settings)`. */
  readonly access: OpenAccess
  /** Nothing is recorded without it; contexts travel nevertheless. */
  readonly tracing?: Tracing
}

const READY_CHECK_TIMEOUT_MS = 2_000

/**
 * The HTTP server of every service: requests of other sites refused, every route with its declared right, strict JSON and strict schemas (unknown properties
 * are refused, nothing in a body is coerced, ids are made canonical), problem details for every refusal, a span of each
 * request, structured logs that name it, `/health/live`, `/health/ready`, `/health/detail` and `/metrics`.
 */
export function buildServer(options: ServerOptions): Server {
  const server = Fastify({
    logger: { level: options.logLevel, base: { service: options.name }, mixin: traceFields },
    bodyLimit: options.bodyLimitBytes ?? 64 * 1024,
    requestTimeout: 30_000,
    ajv: { customOptions: validation },
    // Also in the audit log, where it must not repeat after a restart.
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true }),
    // Whoever is still connected is answered, and told to connect elsewhere next time.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // For failures before routing, for instance a URL that cannot be decoded.
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError,
    // A missing Host is refused with problem details, too.
    http: { requireHostHeader: false },
  }).withTypeProvider<TypeBoxTypeProvider>()
  answerExpectations(server.server)
  server.setErrorHandler(answerError)
  observeRequests(server, options.metrics)
  addSecurityHeaders(server)
  refuseForeignRequests(server, options.allowedHosts ?? [])
  answerUnrouted(server)
  guardRoutes(server, options.name, options.access(server.log))
  traceRequests(server, options.tracing?.head)
  acceptJsonOnly(server)
  addOperations(server, options)
  return server
}

const validation = {
  removeAdditional: false,
  coerceTypes: false,
  // One mistake ends the validation, so that a body with thousands of them costs no more than a valid one.
  allErrors: false,
  keywords: [canonicalIdKeyword],
}

/**
 * What probes and operators ask. Whoever starts and stops the service, a launcher or a container's probe, asks `/health/live` and
 * `/health/ready` without a token and is told yes or no. Why not is for readers: reasons name hosts, partitions and errors.
 */
function addOperations(server: Server, options: ServerOptions): void {
  let isEnding = false
  server.decorate('endReadiness', () => {
    isEnding = true
  })
  const failures = async () =>
    isEnding ? ['the service is stopping'] : await failedChecks(options.ready)
  const notReady = (detail: string) => problem('not-ready', 503, 'Not ready', detail)
  server.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  )
  server.get('/health/live', () => ({ status: 'live' }))
  server.get('/health/ready', async (_request, reply) => {
    if ((await failures()).length === 0) return { status: 'ready' }
    return sendProblem(reply, notReady('`GET /health/detail` says why; it needs a token.'))
  })
  server.get('/health/detail', async (_request, reply) => {
    const reasons = await failures()
    if (reasons.length > 0) return sendProblem(reply, notReady(reasons.join('; ')))
    return { status: 'ready', checked: Object.keys(options.ready) }
  })
}

async function failedChecks(checks: Readonly<Record<string, ReadyCheck>>): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withTimeout(Promise.resolve(check()), READY_CHECK_TIMEOUT_MS)
        return undefined
      } catch (error) {
        return `${name}: ${messageOf(error)}`
      }
    }),
  )
  return answers.filter((answer) => answer !== undefined)
}

function observeRequests(server: Server, metrics: Registry): void {
  const duration = openHistogram(metrics, 'tenseams_http_request_duration_seconds')
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    duration.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1_000,
    )
    done()
  })
}
