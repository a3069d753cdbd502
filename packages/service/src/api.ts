import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { type TObject, type TProperties, Type } from 'typebox'
import { type Limits, limitClients } from './access/limits.ts'
import type { Server } from './server.ts'

export type ApiOptions = {
  readonly title: string
  readonly description: string
  readonly version: string
  readonly limits: Limits
}

/**
 * Publishes the routes that are added after it: an OpenAPI document made from the schemas that validate requests and
 * serialise responses (`/documentation`, as JSON `/documentation/json`), and limits by client (access/limits.ts). Routes that
 * were added before, `/health` and control routes, are neither described nor limited, so that a client that sends too many
 * requests cannot make a service look unhealthy.
 */
export async function openApi(server: Server, options: ApiOptions): Promise<void> {
  const { title, description, version } = options
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, description, version },
      components: { securitySchemes: { token: bearer } },
      // Every described route is public: a token says who the client is, and changes its limits only.
      security: [{}, { token: [] }],
    },
  })
  await server.register(swaggerUi, {
    routePrefix: '/documentation',
    staticCSP: pagePolicy,
  })
  await limitClients(server, options.limits)
}

const bearer = {
  type: 'http',
  scheme: 'bearer',
  description:
    'The token of an identity, out of its file of credentials. A client without one needs none here.',
} as const

/** What the page of documentation may load: its own files, and the styles that Swagger's interface sets on its elements. */
const pagePolicy = {
  'default-src': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'style-src': ["'self'", "'unsafe-inline'"],
}

const ProblemAnswer = Type.Object(
  {
    type: Type.String({ description: 'Stable; programs compare this.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people: the next step.' }),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
    ),
  },
  { description: 'Problem details, RFC 9457.' },
)

const meanings = {
  400: 'The request breaks its schema, or a header that it needs is missing.',
  401: 'Its token is not known. Send no token, or one that is.',
  403: 'Sent by a browser for a page of another site.',
  404: 'Not found.',
  409: 'Refused in its current state; `type` says why.',
  410: 'Permanently deleted.',
  412: 'Its version is not the one in If-Match: it has changed since.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  421: 'Host names a host that this service is not.',
  422: 'Understood and refused; `type` says why. Nothing was written.',
  428: 'If-Match is required.',
  431: 'The headers are larger than 16 kB.',
  429: 'Too many requests; `retry-after` says in how many seconds to retry.',
  503: 'Not available now. Retry with the same Idempotency-Key; `retry-after` says when.',
} as const

type ProblemStatus = keyof typeof meanings

/** A refusal that carries more than problem details: its own members, which the reply sends beside them. */
export function problemWith<Members extends TProperties>(status: ProblemStatus, members: Members) {
  const schema = Type.Object({ ...ProblemAnswer.properties, ...members })
  return answerWith(status, schema) as unknown as typeof schema
}

function answerWith(status: ProblemStatus, schema: TObject) {
  return { description: meanings[status], content: { 'application/problem+json': { schema } } }
}

/** What every route may answer, whatever it does. */
const everywhere = [401, 403, 421, 429, 431, 503] as const

type Everywhere = (typeof everywhere)[number]

/** Response schemas of refusals: these, and those of every route. */
export function problems<Status extends ProblemStatus>(...statuses: readonly Status[]) {
  const answers = [...statuses, ...everywhere].map((status) => [
    status,
    answerWith(status, ProblemAnswer),
  ])
  return Object.fromEntries(answers) as {
    readonly [Each in Status | Everywhere]: typeof ProblemAnswer
  }
}
