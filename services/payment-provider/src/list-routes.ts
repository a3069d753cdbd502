import { Id } from '@tenseams/service/ids'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { readChanges, readPayments } from './listing.ts'
import { StoredText } from './stored-text.ts'

const Listing = Type.Object(
  {
    /** The cursor of the last change of the previous page. */
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}-[0-9]{1,19}$' })),
    /** Only changes since this time. */
    since: Type.Optional(Type.String({ format: 'date-time' })),
    /** A string, because nothing in a query is coerced; at most 500. */
    limit: Type.String({ default: '100', pattern: '^([1-9][0-9]?|[1-4][0-9]{2}|500)$' }),
  },
  { additionalProperties: false },
)

const References = Type.Object(
  {
    references: Type.Array(StoredText({ minLength: 1, maxLength: 200 }), {
      minItems: 1,
      maxItems: 500,
    }),
  },
  { additionalProperties: false },
)

const PaymentId = Type.Object({ paymentId: Id() })

/**
 * For callers who compare their books with the provider's. `GET /payments` returns the operations after a cursor, oldest
 * first, with all payments of their references; nothing is ever added before a cursor that was read.
 */
export function listRoutes(server: Server, pool: pg.Pool): void {
  server.get('/payments', { schema: { querystring: Listing } }, async (request, reply) => {
    const since = request.query.since && sinceOf(request.query.since)
    const { after, limit } = request.query
    if (after !== undefined && !isCursor(after)) return sendProblem(reply, cursorUnknown)
    const changes = await readChanges(pool, { after, since, limit: Number(limit) })
    const references = [...new Set(changes.map(({ reference }) => reference))]
    return { changes, payments: await readPayments(pool, { references }) }
  })

  server.post('/payments/search', { schema: { body: References } }, async (request) => ({
    payments: await readPayments(pool, request.body),
  }))

  server.get('/payments/:paymentId', { schema: { params: PaymentId } }, async (request, reply) => {
    const { paymentId } = request.params
    const [payment] = await readPayments(pool, { paymentIds: [paymentId] })
    return payment ?? sendProblem(reply, unknownPayment)
  })
}

const MAX_TRANSACTION_ID = 2n ** 64n
const MAX_POSITION = 2n ** 63n

/** Whether both of its numbers are within the bounds of their columns. */
export function isCursor(after: string): boolean {
  const [transactionId = '', position = ''] = after.split('-')
  return BigInt(transactionId) < MAX_TRANSACTION_ID && BigInt(position) < MAX_POSITION
}

/** The same moment as Postgres reads it: it knows no year 0, and fewer offsets than RFC 3339. */
export function sinceOf(time: string): string {
  return new Date(Math.max(0, Date.parse(time) || 0)).toISOString()
}

const cursorUnknown = problem(
  'cursor-unknown',
  400,
  'No such cursor',
  'Send the cursor of the last change that was read, or none.',
)

const unknownPayment = problem('payment-unknown', 404, 'No such payment', 'Check the id.')
