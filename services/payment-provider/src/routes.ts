import { createHash } from 'node:crypto'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { type Charge, recordCharge } from './ledger.ts'

const ChargeBody = Type.Object(
  {
    reference: Type.String({ minLength: 1, maxLength: 200 }),
    amountMinor: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    method: Type.String({ minLength: 1, maxLength: 64 }),
  },
  { additionalProperties: false },
)

/** `POST /charges`: takes money at once, or declines. The same Idempotency-Key gets the same answer, and money once. */
export function chargeRoutes(server: Server, pool: pg.Pool): void {
  server.post('/charges', { schema: { body: ChargeBody } }, async (request, reply) => {
    const idempotencyKey = request.headers['idempotency-key']
    if (typeof idempotencyKey !== 'string') return sendProblem(reply, keyMissing)
    const charge = request.body
    const requestHash = hashOf(charge)
    const recorded = await recordCharge(pool, {
      paymentId: uuidv7(),
      idempotencyKey,
      requestHash,
      charge,
      ...judge(charge),
    })
    if (!recorded.requestHash.equals(requestHash)) return sendProblem(reply, keyReused)
    const { paymentId, outcome, reason } = recorded
    return { paymentId, outcome, reason }
  })
}

/** Like the test cards of real providers: the method says what happens. */
function judge({ method }: Charge): { outcome: 'captured' | 'declined'; reason: string | null } {
  if (method.endsWith('-declined')) return { outcome: 'declined', reason: 'insufficient-funds' }
  return { outcome: 'captured', reason: null }
}

function hashOf({ reference, amountMinor, currency, method }: Charge): Buffer {
  const parts = [reference, amountMinor, currency, method]
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

const keyMissing = problem(
  'idempotency-key-missing',
  400,
  'An Idempotency-Key is needed',
  'Send a header Idempotency-Key, new for each charge.',
)

const keyReused = problem(
  'idempotency-key-reused',
  422,
  'The Idempotency-Key was used with another payload',
  'Send a new key for a new charge.',
)
