import { readAnswer } from '@tenseams/event-store/read'
import { problems, problemWith } from '@tenseams/service/api'
import { etagOf, isNamedWeakly } from '@tenseams/service/etag'
import {
  IdempotencyHeaders,
  idempotencyPromise,
  replayAnswer,
  requestHashOf,
  requireIdempotencyKey,
} from '@tenseams/service/idempotency'
import { type Problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type { FastifyReply } from 'fastify'
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { type Price, Prices } from './catalogue.ts'
import {
  isPricedDifferently,
  type OrderRefusal,
  type OrderState,
  type PlaceOrder,
  totalMinorOf,
} from './domain/order.ts'
import { type OrderLog, SCHEMA } from './log.ts'
import {
  ChangedPrices,
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
  description: [
    'Each line names the price that the customer was shown. When the catalogue has another one now, the order is refused',
    'with 409, and `prices` names the new ones; a product that is not sold in the currency is 422.',
    idempotencyPromise,
  ].join(' '),
  headers: IdempotencyHeaders,
  body: OrderBody,
  response: {
    201: PlacedAnswer,
    ...problems(400, 413, 415, 422),
    409: problemWith(409, { prices: Type.Optional(ChangedPrices) }),
  },
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
  const prices = new Prices(pool)
  server.post(
    '/orders',
    { schema: placing, preValidation: requireIdempotencyKey },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const orderId = uuidv7()
      const { lines, currency } = request.body
      const priced = await prices.of(
        lines.map(({ sku }) => sku),
        currency,
      )
      const command = commandOf(request.body, priced)
      const answer = answerOf(orderId, command)
      const requestHash = hashOf(request.body)
      const outcome = await log.begin(orderId, command, {
        eventIdOf: () => uuidv7(),
        occurredAt: Date.now(),
        traceparent: request.traceparent,
        guard: { kind: 'idempotency', key, requestHash, status: 201, answer },
      })
      if (outcome.kind === 'done') return sendPlaced(reply, answer)
      // Also when it is refused: the price may have changed since the first request with this key.
      const kept = await readAnswer(pool, SCHEMA, key)
      if (outcome.kind === 'refused' && kept === undefined) {
        return sendProblem(reply, placingProblem(outcome.refusal, command, priced))
      }
      return replayAnswer(reply, kept, requestHash, sendPlaced)
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

type Priced = ReadonlyMap<string, Price>

type PlacingCommand = { readonly type: 'PlaceOrder'; readonly data: PlaceOrder }

function commandOf(body: OrderBody, prices: Priced): PlacingCommand {
  const lines = body.lines.map(({ sku, quantity, priceMinor }) => ({
    ...{ sku, quantity, shownMinor: BigInt(priceMinor) },
    priceMinor: prices.get(sku)?.priceMinor ?? null,
  }))
  return { type: 'PlaceOrder', data: { ...body, lines } }
}

/** For an order that is accepted: then every line has a price. */
function answerOf(orderId: string, { data: { currency, lines } }: PlacingCommand): PlacedAnswer {
  const charged = lines.map((line) => ({ ...line, priceMinor: line.priceMinor ?? 0n }))
  return { orderId, status: 'placed', currency, totalMinor: Number(totalMinorOf(charged)) }
}

function placingProblem(
  refusal: OrderRefusal,
  { data: { lines } }: PlacingCommand,
  prices: Priced,
): Problem {
  const answer = refusalProblem(refusal)
  if (refusal !== 'price-differs') return answer
  const changed = lines.filter(isPricedDifferently).map(({ sku, shownMinor, priceMinor }) => ({
    sku,
    shownMinor: Number(shownMinor),
    priceMinor: Number(priceMinor),
    priceVersion: prices.get(sku)?.priceVersion,
  }))
  return Object.assign(answer, { prices: changed })
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
