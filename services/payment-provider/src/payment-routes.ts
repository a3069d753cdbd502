import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { judge, type Request } from './domain/payment.ts'
import { Fault, type Faults, type MetFaults } from './faults.ts'
import { beginPayment, type NewPayment, type Operated, operate, type Recorded } from './ledger.ts'

const MinorUnits = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

const PaymentBody = Type.Object(
  {
    reference: Type.String({ minLength: 1, maxLength: 200 }),
    amountMinor: MinorUnits,
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    method: Type.String({ minLength: 1, maxLength: 64 }),
  },
  { additionalProperties: false },
)

const RefundBody = Type.Object({ amountMinor: MinorUnits }, { additionalProperties: false })
const PaymentId = Type.Object({ paymentId: Type.String({ format: 'uuid' }) })

export type PaymentRoutes = { readonly pool: pg.Pool; readonly faults: Faults }

/**
 * `POST /payments` holds money, or declines; `…/capture` takes what is held, `…/void` frees it, `…/refund` gives back
 * what was taken. Each has its effect once an Idempotency-Key, and answers a repeat as the first time. What the payment's
 * state does not allow is 409 with the reason, and is judged anew the next time. `PUT /faults` tells it what to do wrong
 * from now on.
 */
export function paymentRoutes(server: Server, { pool, faults }: PaymentRoutes): void {
  const headers = Type.Object({ 'idempotency-key': Type.Optional(Type.String({ maxLength: 255 })) })

  server.post('/payments', { schema: { body: PaymentBody, headers } }, (request, reply) =>
    once('authorise', request.headers['idempotency-key'], reply, faults, (met, key) =>
      authorise(pool, request.body, met, key),
    ),
  )

  for (const name of ['capture', 'void'] as const) {
    const schema = { params: PaymentId, headers }
    server.post(`/payments/:paymentId/${name}`, { schema }, (request, reply) =>
      once(name, request.headers['idempotency-key'], reply, faults, (met, key) =>
        move(pool, name, request.params.paymentId, met, key),
      ),
    )
  }

  const schema = { params: PaymentId, body: RefundBody, headers }
  server.post('/payments/:paymentId/refund', { schema }, (request, reply) =>
    once('refund', request.headers['idempotency-key'], reply, faults, (met, key) =>
      move(pool, 'refund', request.params.paymentId, met, key, BigInt(request.body.amountMinor)),
    ),
  )

  server.get('/faults', () => faults.current)
  server.put('/faults', { schema: { body: Type.Array(Fault, { maxItems: 10 }) } }, (request) => {
    faults.replace(request.body)
    return faults.current
  })
}

type Done = { readonly operated: Operated; readonly requestHash: Buffer }

/** Does a request's work between the faults that it meets, and answers. */
async function once(
  request: Request,
  key: string | undefined,
  reply: Parameters<typeof sendProblem>[0],
  faults: Faults,
  work: (met: MetFaults, key: string) => Promise<Done>,
) {
  if (key === undefined || key === '') return sendProblem(reply, keyMissing)
  const met = faults.next(request)
  await delay(met.get('slow')?.delayMs ?? 0)
  if (met.has('fail')) return sendProblem(reply, broken)
  const { operated, requestHash } = await work(
    met,
    met.has('ignore-keys') ? `${key} ${uuidv7()}` : key,
  )
  if (operated.kind === 'unknown') return sendProblem(reply, unknownPayment)
  if (operated.kind === 'refused') return sendProblem(reply, notNow(operated.refusal))
  if (!operated.recorded.requestHash.equals(requestHash)) return sendProblem(reply, keyReused)
  await delay(met.get('late-answer')?.delayMs ?? 0)
  if (met.has('lose-answer')) return sendProblem(reply, broken)
  return answerOf(operated.recorded)
}

async function authorise(
  pool: pg.Pool,
  body: Omit<NewPayment, 'amountMinor'> & { readonly amountMinor: number },
  met: MetFaults,
  idempotencyKey: string,
): Promise<Done> {
  const { reference, amountMinor, currency, method } = body
  const requestHash = hashOf('authorise', reference, amountMinor, currency, method)
  // Like the test cards of real providers: the method says what happens.
  const declined = method.endsWith('-declined') || met.has('decline')
  const payment = { ...body, amountMinor: BigInt(amountMinor) }
  const recorded = await beginPayment(pool, payment, {
    ...{ operationId: uuidv7(), paymentId: uuidv7(), idempotencyKey, requestHash },
    amountMinor: payment.amountMinor,
    kind: declined ? 'declined' : 'authorised',
    reason: declined ? 'insufficient-funds' : null,
  })
  return { operated: { kind: 'recorded', recorded }, requestHash }
}

async function move(
  pool: pg.Pool,
  request: Exclude<Request, 'authorise'>,
  paymentId: string,
  met: MetFaults,
  idempotencyKey: string,
  wanted?: bigint,
): Promise<Done> {
  const requestHash = hashOf(request, paymentId, wanted === undefined ? 'all' : String(wanted))
  const operated = await operate(pool, {
    paymentId,
    idempotencyKey,
    judge: (operations, authorised) =>
      judge(request, wanted ?? authorised, operations, met.has('ignore-keys')),
    make: (kind, authorised) => ({
      ...{ operationId: uuidv7(), paymentId, idempotencyKey, requestHash, kind, reason: null },
      amountMinor: wanted ?? authorised,
    }),
  })
  return { operated, requestHash }
}

function answerOf({ operationId, paymentId, kind, amountMinor, reason }: Recorded) {
  return { operationId, paymentId, outcome: kind, amountMinor: Number(amountMinor), reason }
}

function hashOf(...parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

const broken = problem('broken', 500, 'Broken', 'As it was told to be by PUT /faults.')

const unknownPayment = problem('payment-unknown', 404, 'No such payment', 'Check the id.')

const notNow = (refusal: string) =>
  problem(refusal, 409, 'The payment does not allow it', 'Ask for the payment, and decide again.')

const keyMissing = problem(
  'idempotency-key-missing',
  400,
  'An Idempotency-Key is needed',
  'Send a header Idempotency-Key, new for each operation.',
)

const keyReused = problem(
  'idempotency-key-reused',
  422,
  'The Idempotency-Key was used with another payload',
  'Send a new key for a new operation.',
)
