import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Type } from 'typebox'
import type { Server } from './server.ts'

export type ApiOptions = {
  readonly title: string
  readonly description: string
  readonly version: string
  readonly rateLimit: { readonly maxRequests: number; readonly windowMs: number }
}

/**
 * Makes the routes that are added after it an interface for others: an OpenAPI document made from the very schemas
 * that check requests and write answers (`/documentation`, as JSON `/documentation/json`), and a limit of requests a
 * client address. What was there before, `/health` and `/metrics`, is neither described nor limited, so that a client
 * that asks too much cannot make a service look ill.
 */
export async function openApi(server: Server, options: ApiOptions): Promise<void> {
  const { title, description, version } = options
  await server.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title, description, version } },
  })
  await server.register(swaggerUi, { routePrefix: '/documentation' })
  await server.register(rateLimit, {
    max: options.rateLimit.maxRequests,
    timeWindow: options.rateLimit.windowMs,
    // RateLimit-Limit, -Remaining and -Reset, as in the IETF draft; retry-after comes with a 429.
    enableDraftSpec: true,
    cache: 10_000,
  })
}

const ProblemAnswer = Type.Object(
  {
    type: Type.String({ description: 'Stable; a program compares this.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people: what to do next.' }),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
    ),
  },
  { description: 'Problem details, RFC 9457.' },
)

const meanings = {
  400: 'The request breaks its schema, or a header that it needs is missing.',
  404: 'There is no such thing.',
  409: 'Refused in the state that it is in; `type` says why.',
  410: 'It was there, and is gone for good.',
  412: 'It has changed since: its version is not the one in If-Match.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'Understood and refused; `type` says why. Nothing was written.',
  428: 'If-Match is needed.',
  429: 'Too many requests; `retry-after` says in how many seconds to come again.',
  503: 'Not available now. Try again with the same Idempotency-Key; `retry-after` says when.',
} as const

type ProblemStatus = keyof typeof meanings

/** Response schemas of refusals. 429 and 503 belong to every route. */
export function problems<Status extends ProblemStatus>(...statuses: readonly Status[]) {
  const answers = [...statuses, 429 as const, 503 as const].map((status) => [
    status,
    {
      description: meanings[status],
      content: { 'application/problem+json': { schema: ProblemAnswer } },
    },
  ])
  return Object.fromEntries(answers) as {
    readonly [Each in Status | 429 | 503]: typeof ProblemAnswer
  }
}
