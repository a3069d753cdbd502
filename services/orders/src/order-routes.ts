import { readAnswer } from '@tenseams/event-store/read'
import { problems } from '@tenseams/service/api'
import { etagOf, isNamedWeakly } from '@tenseams/service/etag'
import {
  IdempotencyHeaders,
  idempotencyPromise,
  replayAnswer,
  requestHashOf,
  requireIdempotencyKey,
} from '@tenseams/service/idempotency'
import { sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import { continueTrace } from '@tenseams/telemetry/traceparent'
import type { FastifyReply } from 'fastify'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { type OrderState, totalMinorOf } from './domain/order.ts'
import { type OrderLog, SCHEMA } from './log.ts'
import {
  IfNoneMatchHeaders,
  OrderAnswer,
  OrderBody,
  OrderParams,
  PlacedAnswer,
  Unchanged,
} from './order-schemas.ts'
import { refusalProblem } from './refusals.ts'

export type OrderRoutes = { readonly pool: pg.Pool; readonly log: OrderLog }

const placing = {
  summary: 'Places an order',
  description: idempotencyPromise,
  headers: IdempotencyHeaders,
  body: OrderBody,
  response: { 201: PlacedAnswer, ...problems(400, 413, 415, 422) },
}

const reading = {
  summary: 'Shows an order',
  description: 'The ETag is the version of its stream: its number of events.',
  params: OrderParams,
  headers: IfNoneMatchHeaders,
  response: { 200: OrderAnswer, 304: Unchanged, ...problems(400, 404) },
}

/** `POST /orders` and `GET /orders/:orderId`. */
export function orderRoutes(server: Server, { pool, log }: OrderRoutes): void {
  server.post(
    '/orders',
    { schema: placing, preValidation: requireIdempotencyKey },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const orderId = uuidv7()
      const answer = answerOf(orderId, request.body)
      const requestHash = hashOf(request.body)
      const outcome = await log.begin(orderId, commandOf(request.body), {
        eventIdOf: () => uuidv7(),
        occurredAt: Date.now(),
        traceparent: continueTrace(request.headers),
        guard: { kind: 'idempotency', key, requestHash, status: 201, answer },
      })
      switch (outcome.kind) {
        case 'done':
          return sendPlaced(reply, answer)
        case 'repeated':
          return replayAnswer(reply, await readAnswer(pool, SCHEMA, key), requestHash, sendPlaced)
        case 'refused':
          return sendProblem(reply, refusalProblem(outcome.refusal))
      }
    },
  )

  server.get('/orders/:orderId', { schema: reading }, async (request, reply) => {
    const { orderId } = request.params
    const { state, version } = await log.load(orderId)
    if (state.status === 'unknown') return sendProblem(reply, refusalProblem('order-unknown'))
    const etag = etagOf(version)
    void reply.header('etag', etag)
    const known = request.headers['if-none-match']
    if (known !== undefined && isNamedWeakly(known, etag)) return reply.code(304).send(null)
    return reply.send({ orderId, version: Number(version), ...viewOf(state) })
  })
}

function commandOf(body: OrderBody) {
  const lines = body.lines.map((line) => ({ ...line, priceMinor: BigInt(line.priceMinor) }))
  return { type: 'PlaceOrder' as const, data: { ...body, lines } }
}

function answerOf(orderId: string, body: OrderBody): PlacedAnswer {
  const { lines } = commandOf(body).data
  const { currency } = body
  return { orderId, status: 'placed', currency, totalMinor: Number(totalMinorOf(lines)) }
}

/** The same order has the same hash, whatever the whitespace and the order of properties in its JSON. */
function hashOf(body: OrderBody): Buffer {
  const lines = body.lines.map((line) => [line.sku, line.quantity, line.priceMinor])
  return requestHashOf(body.customerId, body.currency, body.paymentMethod, lines)
}

function sendPlaced(reply: FastifyReply, answer: PlacedAnswer): FastifyReply {
  return reply
    .code(201)
    .header('location', `/orders/${answer.orderId}`)
    .header('etag', etagOf(1n))
    .send(answer)
}

function viewOf(state: Exclude<OrderState, { status: 'unknown' }>) {
  const { status, placed } = state
  const { customerId, currency } = placed
  const common = { status, customerId, currency, totalMinor: Number(placed.totalMinor) }
  switch (state.status) {
    case 'placed':
      return common
    case 'confirmed':
      return { ...common, paymentId: state.paymentId }
    case 'rejected':
      return { ...common, reason: state.reason }
    case 'cancelled': {
      const { cancelled, refunded } = state
      const { reason, paymentId } = cancelled
      const refundedMinor = Number(refunded?.amountMinor ?? 0n)
      return { ...common, reason, refundedMinor, ...(paymentId !== null && { paymentId }) }
    }
    case 'completed':
      return { ...common, paymentId: state.paymentId, shipmentId: state.shipmentId }
  }
}
