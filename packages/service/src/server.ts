import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance, LogController, type RawServerDefault } from 'fastify'
import type { Registry } from 'prom-client'
import { Histogram } from 'prom-client'
import { answerError, problem, sendProblem } from './problem.ts'

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyInstance['log'],
  TypeBoxTypeProvider
>

/** Throws when the part that it checks is not ready. It has two seconds. */
export type ReadyCheck = () => Promise<void> | void

export type ServerOptions = {
  readonly name: string
  readonly logLevel: string
  readonly metrics: Registry
  readonly ready: Readonly<Record<string, ReadyCheck>>
  readonly bodyLimitBytes?: number
}

const READY_CHECK_TIMEOUT_MS = 2_000

/**
 * The HTTP server of every service: strict schemas (unknown properties are refused, and nothing in a body is coerced),
 * problem details, structured logs, `/health/live`, `/health/ready` and `/metrics`.
 */
export function buildServer(options: ServerOptions): Server {
  const server = Fastify({
    logger: { level: options.logLevel, base: { service: options.name } },
    bodyLimit: options.bodyLimitBytes ?? 64 * 1024,
    requestTimeout: 30_000,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } },
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // For failures before routing, for instance a URL that cannot be decoded.
    frameworkErrors: answerError,
  }).withTypeProvider<TypeBoxTypeProvider>()
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) =>
    sendProblem(reply, problem('not-found', 404, 'Not found', `${request.method} ${request.url}`)),
  )
  observeRequests(server, options.metrics)
  server.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  )
  server.get('/health/live', () => ({ status: 'live' }))
  server.get('/health/ready', async (_request, reply) => {
    const failures = await failedChecks(options.ready)
    if (failures.length === 0) return { status: 'ready' }
    return sendProblem(reply, problem('not-ready', 503, 'Not ready', failures.join('; ')))
  })
  return server
}

async function failedChecks(checks: Readonly<Record<string, ReadyCheck>>): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withTimeout(Promise.resolve(check()), READY_CHECK_TIMEOUT_MS)
        return undefined
      } catch (error) {
        return `${name}: ${error instanceof Error ? error.message : String(error)}`
      }
    }),
  )
  return answers.filter((answer) => answer !== undefined)
}

async function withTimeout<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  const timer = Promise.withResolvers<never>()
  const handle = setTimeout(
    () => timer.reject(new Error(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    return await Promise.race([work, timer.promise])
  } finally {
    clearTimeout(handle)
  }
}

function observeRequests(server: Server, metrics: Registry): void {
  const duration = new Histogram({
    name: 'tenseams_http_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  })
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    duration.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1_000,
    )
    done()
  })
}
