import { StoreUnavailableError } from '@tenseams/event-store/errors'
import { readAnswer } from '@tenseams/event-store/read'
import { problems } from '@tenseams/service/api'
import { etagOf, IfMatchHeaders, isNamedStrongly, requireIfMatch } from '@tenseams/service/etag'
import {
  IdempotencyHeaders,
  idempotencyPromise,
  replayAnswer,
  requestHashOf,
  requireIdempotencyKey,
} from '@tenseams/service/idempotency'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { cancellationRefusal } from './domain/order.ts'
import type { OrderRoutes } from './order-routes.ts'
import { CancellationBody, CancelledAnswer, OrderParams } from './order-schemas.ts'
import { type Order, readOrder } from './order-table.ts'
import { refusalProblem } from './refusals.ts'
import { SCHEMA } from './schema.ts'

const cancelling = {
  summary: 'Cancels an order that is not completed',
  description: `If-Match names the version that the client has seen. ${idempotencyPromise}`,
  params: OrderParams,
  headers: Type.Object({ ...IdempotencyHeaders.properties, ...IfMatchHeaders.properties }),
  body: CancellationBody,
  response: { 200: CancelledAnswer, ...problems(400, 404, 409, 412, 413, 415, 422, 428) },
}

type Cancellation = {
  readonly orderId: string
  readonly reason: string
  readonly key: string
  readonly requestHash: Buffer
  readonly ifMatch: string
  readonly traceparent: string | null
}

const MAX_ATTEMPTS = 8

/** `POST /orders/:orderId/cancellation`. */
export function cancellationRoutes(server: Server, routes: OrderRoutes): void {
  server.post(
    '/orders/:orderId/cancellation',
    { schema: cancelling, preValidation: [requireIdempotencyKey, requireIfMatch] },
    async (request, reply) => {
      const { traceparent, headers, body, params } = request
      const { orderId } = params
      const { reason } = body
      const key = headers['idempotency-key']
      const requestHash = requestHashOf('cancellation', orderId, reason)
      const ifMatch = headers['if-match']
      return cancel(reply, routes, { orderId, reason, key, requestHash, ifMatch, traceparent })
    },
  )
}

/**
 * Decides on the row as it is, at the version that If-Match names. When somebody else was faster, it looks again, which is
 * refused with 412 unless If-Match is `*`. A key that was used is answered first: its own effect has changed the version.
 */
async function cancel(
  reply: FastifyReply,
  { pool, orders }: OrderRoutes,
  { ifMatch, ...cancellation }: Cancellation,
): Promise<FastifyReply> {
  const { orderId, key, requestHash, reason } = cancellation
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const kept = await readAnswer(pool, SCHEMA, key)
    if (kept !== undefined) return replayAnswer(reply, kept, requestHash, sendCancelled)
    const order = await readOrder(pool, orderId)
    if (order === undefined) return sendProblem(reply, refusalProblem('order-unknown'))
    const etag = etagOf(order.version)
    if (!isNamedStrongly(ifMatch, etag))
      return sendProblem(reply.header('etag', etag), versionDiffers)
    const refusal = cancellationRefusal(order.status)
    if (refusal !== undefined) return sendProblem(reply, refusalProblem(refusal))
    const answer = answerOf(order, reason)
    const outcome = await orders.cancel({ ...cancellation, atVersion: order.version, answer })
    if (outcome === 'done') return sendCancelled(reply, answer)
  }
  throw new StoreUnavailableError(`order ${orderId}: ${MAX_ATTEMPTS} version conflicts in a row`)
}

function answerOf({ orderId, version, paymentId }: Order, reason: string): CancelledAnswer {
  const paid = paymentId === null ? {} : { paymentId }
  return { orderId, version: Number(version) + 1, status: 'cancelled', reason, ...paid }
}

function sendCancelled(reply: FastifyReply, answer: CancelledAnswer): FastifyReply {
  return reply
    .code(200)
    .header('etag', etagOf(BigInt(answer.version)))
    .send(answer)
}

const versionDiffers = problem(
  'version-differs',
  412,
  'The order has changed',
  'Read it again, decide again, and send the ETag of this response.',
)
