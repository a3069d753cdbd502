import { createHash } from 'node:crypto'
import { readAnswer } from '@tenseams/event-store/read'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import { continueTrace } from '@tenseams/telemetry/traceparent'
import type { FastifyReply } from 'fastify'
import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { type OrderState, totalMinorOf } from './domain/order.ts'
import { type OrderLog, SCHEMA } from './log.ts'

const CURRENCIES = ['CHF', 'EUR', 'GBP', 'JPY', 'USD']
const METHODS = ['card', 'card-declined', 'invoice', 'wallet']

const OrderLineBody = Type.Object(
  {
    sku: Type.String({ minLength: 1, maxLength: 64 }),
    quantity: Type.Integer({ minimum: 1, maximum: 1_000 }),
    priceMinor: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  },
  { additionalProperties: false },
)

const OrderBody = Type.Object(
  {
    customerId: Type.String({ format: 'uuid' }),
    currency: Type.Union(CURRENCIES.map((currency) => Type.Literal(currency))),
    paymentMethod: Type.Union(METHODS.map((method) => Type.Literal(method))),
    lines: Type.Array(OrderLineBody, { minItems: 1, maxItems: 100 }),
  },
  { additionalProperties: false },
)

type OrderBody = Static<typeof OrderBody>

const KEY_FORM = /^[\x21-\x7e]{1,200}$/

export type OrderRoutes = { readonly pool: pg.Pool; readonly log: OrderLog }

/** `POST /orders` and `GET /orders/:orderId`. */
export function orderRoutes(server: Server, { pool, log }: OrderRoutes): void {
  server.post('/orders', { schema: { body: OrderBody } }, async (request, reply) => {
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string' || !KEY_FORM.test(key)) return sendProblem(reply, keyMissing)
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
        return replay(reply, pool, key, requestHash)
      case 'refused':
        return sendProblem(reply, refused(outcome.refusal))
    }
  })

  server.get(
    '/orders/:orderId',
    { schema: { params: Type.Object({ orderId: Type.String({ format: 'uuid' }) }) } },
    async (request, reply) => {
      const { orderId } = request.params
      const { state, version } = await log.load(orderId)
      if (state.status === 'unknown') return sendProblem(reply, orderUnknown(orderId))
      return { orderId, version: Number(version), ...viewOf(state) }
    },
  )
}

function commandOf(body: OrderBody) {
  const lines = body.lines.map((line) => ({ ...line, priceMinor: BigInt(line.priceMinor) }))
  return { type: 'PlaceOrder' as const, data: { ...body, lines } }
}

type PlacedAnswer = ReturnType<typeof answerOf>

function answerOf(orderId: string, body: OrderBody) {
  const { lines } = commandOf(body).data
  const { currency } = body
  return { orderId, status: 'placed', currency, totalMinor: Number(totalMinorOf(lines)) }
}

/** The same order, however its JSON was spaced or ordered, has the same hash. */
function hashOf(body: OrderBody): Buffer {
  const lines = body.lines.map((line) => [line.sku, line.quantity, line.priceMinor])
  const parts = [body.customerId, body.currency, body.paymentMethod, lines]
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

function sendPlaced(reply: FastifyReply, answer: PlacedAnswer): FastifyReply {
  return reply.code(201).header('location', `/orders/${answer.orderId}`).send(answer)
}

/** The same key again: the first answer for the same payload, 422 for another one. */
async function replay(
  reply: FastifyReply,
  pool: pg.Pool,
  key: string,
  requestHash: Buffer,
): Promise<FastifyReply> {
  const kept = await readAnswer(pool, SCHEMA, key)
  if (kept === undefined) throw new Error(`the answer of Idempotency-Key ${key} is missing`)
  if (!kept.requestHash.equals(requestHash)) return sendProblem(reply, keyReused)
  const answer = kept.answer as PlacedAnswer
  void reply.header('idempotent-replayed', 'true')
  return sendPlaced(reply, answer)
}

function viewOf(state: Exclude<OrderState, { status: 'unknown' }>) {
  const { customerId, currency, totalMinor } = state.placed
  const common = { status: state.status, customerId, currency, totalMinor: Number(totalMinor) }
  if (state.status === 'confirmed') return { ...common, paymentId: state.paymentId }
  if (state.status === 'rejected') return { ...common, reason: state.reason }
  return common
}

const keyMissing = problem(
  'idempotency-key-missing',
  400,
  'An Idempotency-Key is needed',
  'Send a header Idempotency-Key of 1 to 200 visible characters, new for each order.',
)

const keyReused = problem(
  'idempotency-key-reused',
  422,
  'The Idempotency-Key was used with another payload',
  'Send a new key for a new order, or the first payload to see its answer again.',
)

const refused = (refusal: string) =>
  problem(refusal, 422, 'The order was refused', `Refused: ${refusal}. Nothing was written.`)

const orderUnknown = (orderId: string) =>
  problem('order-unknown', 404, 'No such order', `There is no order ${orderId}.`)
