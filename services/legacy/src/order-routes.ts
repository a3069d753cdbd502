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
import { type Price, readPrices } from './catalogue.ts'
import { isPricedDifferently, type OrderedLine, type OrderRefusal, price } from './domain/order.ts'
import {
  ChangedPrices,
  IfNoneMatchHeaders,
  ListAnswer,
  ListQuery,
  OrderAnswer,
  OrderBody,
  OrderParams,
  PlacedAnswer,
  Unchanged,
} from './order-schemas.ts'
import { listOrders, readOrder } from './order-table.ts'
import type { Orders } from './orders.ts'
import { refusalProblem } from './refusals.ts'
import { SCHEMA } from './schema.ts'
import { viewOf } from './views.ts'

export type OrderRoutes = { readonly pool: pg.Pool; readonly orders: Orders }

const placing = {
  summary: 'Places an order',
  description: idempotencyPromise,
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
  params: OrderParams,
  headers: IfNoneMatchHeaders,
  response: { 200: OrderAnswer, 304: Unchanged, ...problems(400, 404) },
}

const listing = {
  summary: 'Lists orders, all or those of a customer or in a state, newest first',
  querystring: ListQuery,
  response: { 200: ListAnswer, ...problems(400) },
}

/** `POST /orders`, `GET /orders/:orderId` and `GET /orders`, in the form of the service orders. */
export function orderRoutes(server: Server, { pool, orders }: OrderRoutes): void {
  server.post(
    '/orders',
    { schema: placing, preValidation: requireIdempotencyKey },
    async (request, reply) => {
      const { body, traceparent } = request
      const key = request.headers['idempotency-key']
      const requestHash = hashOf(body)
      const lines = await orderedLines(pool, body)
      const priced = price(lines.ordered)
      if (priced.kind === 'refused') {
        const kept = await readAnswer(pool, SCHEMA, key)
        if (kept !== undefined) return replayAnswer(reply, kept, requestHash, sendPlaced)
        return sendProblem(reply, placingProblem(priced.refusal, lines))
      }
      const order = {
        ...body,
        orderId: uuidv7(),
        lines: priced.lines,
        totalMinor: priced.totalMinor,
      }
      const answer = placedAnswer(order)
      const outcome = await orders.place({ key, requestHash, traceparent, order, answer })
      if (outcome === 'done') return sendPlaced(reply, answer)
      return replayAnswer(reply, await readAnswer(pool, SCHEMA, key), requestHash, sendPlaced)
    },
  )

  server.get('/orders/:orderId', { schema: reading }, async (request, reply) => {
    const order = await readOrder(pool, request.params.orderId)
    if (order === undefined) return sendProblem(reply, refusalProblem('order-unknown'))
    const etag = etagOf(order.version)
    void reply.header('etag', etag)
    const known = request.headers['if-none-match']
    if (known !== undefined && isNamedWeakly(known, etag)) return reply.code(304).send(null)
    return reply.send(viewOf(order))
  })

  server.get('/orders', { schema: listing }, async (request, reply) => {
    const { customerId, status, before } = request.query
    const limit = Number(request.query.limit)
    const filter = { ...(customerId && { customerId }), ...(status && { status }) }
    const found = await listOrders(pool, { ...filter, ...(before && { before }), limit })
    const next = found.length === limit ? found.at(-1)?.orderId : undefined
    return reply.send({ orders: found.map(viewOf), ...(next && { next }) })
  })
}

type OrderedLines = {
  readonly ordered: readonly OrderedLine[]
  readonly prices: ReadonlyMap<string, Price>
}

async function orderedLines(pool: pg.Pool, { lines, currency }: OrderBody): Promise<OrderedLines> {
  const skus = lines.map(({ sku }) => sku)
  const prices = await readPrices(pool, skus, currency)
  const ordered = lines.map(({ sku, quantity, priceMinor }) => ({
    ...{ sku, quantity, shownMinor: BigInt(priceMinor) },
    priceMinor: prices.get(sku)?.priceMinor ?? null,
  }))
  return { ordered, prices }
}

function placingProblem(refusal: OrderRefusal, { ordered, prices }: OrderedLines): Problem {
  const answer = refusalProblem(refusal)
  if (refusal !== 'price-differs') return answer
  const changed = ordered.filter(isPricedDifferently).map(({ sku, shownMinor, priceMinor }) => ({
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

function placedAnswer(order: {
  readonly orderId: string
  readonly currency: string
  readonly totalMinor: bigint
}): PlacedAnswer {
  const { orderId, currency, totalMinor } = order
  return { orderId, status: 'placed', currency, totalMinor: Number(totalMinor) }
}

function sendPlaced(reply: FastifyReply, answer: PlacedAnswer): FastifyReply {
  return reply
    .code(201)
    .header('location', `/orders/${answer.orderId}`)
    .header('etag', etagOf(1n))
    .send(answer)
}
