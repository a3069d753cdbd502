import { logOf } from '@tenseams/telemetry/log'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { canonicalId } from './ids.ts'

/** Problem details, RFC 9457. `type` is stable and names the reason; `detail` says the next step. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** Names a kind of problem; clients compare this string, people read the rest. */
export function problem(kind: string, status: number, title: string, detail: string): Problem {
  return { type: `urn:ten-seams:problem:${kind}`, title, status, detail }
}

export function sendProblem(reply: FastifyReply, answer: Problem): FastifyReply {
  return reply.code(answer.status).type('application/problem+json').send(answer)
}

const MOST_CHARACTERS = 300

/** A part of a request in an answer: not longer than a person reads, whatever was sent. */
export function shortened(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`
}

/**
 * Turns an error of a route into problem details: a validation failure is 400; a body that is too large or of another
 * type, and too many requests (429), keep their own status; an unavailable dependency is 503 with retry-after; any other
 * error is 500. Errors of the server are logged here, once.
 */
export function answerError(
  error: FastifyError & { readonly retriable?: boolean },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error.validation !== undefined) return sendProblem(reply, validationProblem(error))
  const status = error.statusCode ?? 500
  if (status === 429) return sendProblem(reply, tooManyRequests)
  if (status < 500) {
    return sendProblem(
      reply,
      problem('bad-request', status, 'The request cannot be read', shortened(error.message)),
    )
  }
  logFailure(request, error)
  if (error.retriable === true) {
    void reply.header('retry-after', '1')
    return sendProblem(
      reply,
      problem('unavailable', 503, 'Not available now', 'Retry with the same Idempotency-Key.'),
    )
  }
  return sendProblem(reply, problem('internal', 500, 'Internal error', 'The failure was logged.'))
}

/** With the order that the request is about, when its path names one. A path may hold anything, so only what is an id is logged. */
function logFailure(request: FastifyRequest, err: Error): void {
  const { method, routeOptions, params } = request
  const { url: route = 'unknown' } = routeOptions
  const named = (params as { readonly orderId?: unknown } | undefined)?.orderId
  const orderId = typeof named === 'string' ? canonicalId(named) : undefined
  const about = { method, route, ...(orderId !== undefined && { orderId }) }
  logOf(request).error({ ...about, err }, 'request failed')
}

export const tooManyRequests = problem(
  'too-many-requests',
  429,
  'Too many requests',
  'Retry after as many seconds as retry-after says.',
)

/** It names the first mistake only: to list all of them takes time and space without a bound. */
function validationProblem(error: FastifyError): Problem {
  const errors = (error.validation ?? []).map((one) => ({
    pointer: shortened(one.instancePath),
    detail: shortened([one.message, unknownProperty(one.params)].filter(Boolean).join(': ')),
  }))
  const detail = shortened(error.message)
  const base = problem('invalid', 400, 'The request breaks its schema', detail)
  return { ...base, errors }
}

function unknownProperty(params: Record<string, unknown>): string {
  const name = params.additionalProperty
  return typeof name === 'string' ? name : ''
}
