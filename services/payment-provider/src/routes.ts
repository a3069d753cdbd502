import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { Fault, type FaultKind, type Faults } from './faults.ts'
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

export type ChargeRoutes = { readonly pool: pg.Pool; readonly faults: Faults }

/**
 * `POST /charges`: takes money at once, or declines. The same Idempotency-Key gets the same answer, and money once.
 * `PUT /faults` tells it what to do wrong from now on.
 */
export function chargeRoutes(server: Server, { pool, faults }: ChargeRoutes): void {
  server.post('/charges', { schema: { body: ChargeBody } }, async (request, reply) => {
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string') return sendProblem(reply, keyMissing)
    const met = faults.next()
    await delay(met.get('slow')?.delayMs ?? 0)
    if (met.has('fail')) return sendProblem(reply, broken)
    const charge = request.body
    const requestHash = hashOf(charge)
    const recorded = await recordCharge(pool, {
      paymentId: uuidv7(),
      idempotencyKey: met.has('ignore-keys') ? `${key} ${uuidv7()}` : key,
      requestHash,
      charge,
      ...judge(charge, met),
    })
    if (!recorded.requestHash.equals(requestHash)) return sendProblem(reply, keyReused)
    await delay(met.get('late-answer')?.delayMs ?? 0)
    if (met.has('lose-answer')) return sendProblem(reply, broken)
    const { paymentId, outcome, reason } = recorded
    return { paymentId, outcome, reason }
  })

  server.get('/faults', () => faults.current)
  server.put('/faults', { schema: { body: Type.Array(Fault, { maxItems: 10 }) } }, (request) => {
    faults.replace(request.body)
    return faults.current
  })
}

/** Like the test cards of real providers: the method says what happens. */
function judge(
  { method }: Charge,
  met: ReadonlyMap<FaultKind, Fault>,
): { outcome: 'captured' | 'declined'; reason: string | null } {
  const declined = method.endsWith('-declined') || met.has('decline')
  if (declined) return { outcome: 'declined', reason: 'insufficient-funds' }
  return { outcome: 'captured', reason: null }
}

function hashOf({ reference, amountMinor, currency, method }: Charge): Buffer {
  const parts = [reference, amountMinor, currency, method]
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

const broken = problem('broken', 500, 'Broken', 'As it was told to be by PUT /faults.')

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
