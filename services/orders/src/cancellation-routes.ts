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
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import type { OrderCommand, OrderState } from './domain/order.ts'
import { type OrderLog, SCHEMA } from './log.ts'
import { CancellationBody, CancelledAnswer, OrderParams } from './order-schemas.ts'
import { refusalProblem } from './refusals.ts'

export type CancellationRoutes = { readonly pool: pg.Pool; readonly log: OrderLog }

const cancelling = {
  summary: 'Cancels an order that is not completed',
  description: [
    'If-Match names the version that the client has seen: 428 without it, 412 when the order is at another version.',
    'A key that was used is answered before the version is compared, because its own effect has changed the version.',
    idempotencyPromise,
  ].join(' '),
  params: OrderParams,
  headers: Type.Object({ ...IdempotencyHeaders.properties, ...IfMatchHeaders.properties }),
  body: CancellationBody,
  response: { 200: CancelledAnswer, ...problems(400, 404, 409, 412, 413, 415, 422, 428) },
}

type Cancellation = {
  readonly orderId: string
  readonly command: Extract<OrderCommand, { type: 'CancelOrder' }>
  readonly key: string
  readonly requestHash: Buffer
  readonly ifMatch: string
  readonly traceparent: string | null
}

const MAX_ATTEMPTS = 8

/** `POST /orders/:orderId/cancellation`. */
export function cancellationRoutes(server: Server, { pool, log }: CancellationRoutes): void {
  server.post(
    '/orders/:orderId/cancellation',
    { schema: cancelling, preValidation: [requireIdempotencyKey, requireIfMatch] },
    async (request, reply) => {
      const { orderId } = request.params
      const { reason } = request.body
      const ifMatch = request.headers['if-match']
      const key = request.headers['idempotency-key']
      const requestHash = requestHashOf('cancellation', orderId, reason)
      const kept = await readAnswer(pool, SCHEMA, key)
      if (kept !== undefined) return replayAnswer(reply, kept, requestHash, sendCancelled)
      const { traceparent } = request
      const command = { type: 'CancelOrder' as const, data: { reason } }
      const cancellation = { orderId, command, key, requestHash, ifMatch, traceparent }
      return cancel(reply, { pool, log }, cancellation)
    },
  )
}

/**
 * Decides on the version that If-Match names. On a version conflict it reloads the order and retries, which is refused
 * with 412 at once unless If-Match is `*`. When the conflicting write was the same request, its answer is replayed.
 */
async function cancel(
  reply: FastifyReply,
  { pool, log }: CancellationRoutes,
  { orderId, command, key, requestHash, ifMatch, traceparent }: Cancellation,
): Promise<FastifyReply> {
  const earlier = () => readAnswer(pool, SCHEMA, key)
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const loaded = await log.load(orderId)
    const etag = etagOf(loaded.version)
    if (loaded.version > 0n && !isNamedStrongly(ifMatch, etag)) {
      const kept = await earlier()
      if (kept !== undefined) return replayAnswer(reply, kept, requestHash, sendCancelled)
      return sendProblem(reply.header('etag', etag), versionDiffers)
    }
    const answer = answerOf(orderId, loaded, command)
    const outcome = await log.handleAt(orderId, loaded, command, {
      eventIdOf: () => uuidv7(),
      occurredAt: Date.now(),
      traceparent,
      guard: { kind: 'idempotency', key, requestHash, status: 200, answer },
    })
    if (outcome.kind === 'done') return sendCancelled(reply, answer)
    if (outcome.kind === 'conflict') continue
    const kept = await earlier()
    if (outcome.kind === 'refused' && kept === undefined) {
      return sendProblem(reply, refusalProblem(outcome.refusal))
    }
    return replayAnswer(reply, kept, requestHash, sendCancelled)
  }
  throw new StoreUnavailableError(`order ${orderId}: ${MAX_ATTEMPTS} version conflicts in a row`)
}

function answerOf(
  orderId: string,
  { state, version }: { readonly state: OrderState; readonly version: bigint },
  { data: { reason } }: Cancellation['command'],
): CancelledAnswer {
  const paid = state.status === 'confirmed' ? { paymentId: state.paymentId } : {}
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
