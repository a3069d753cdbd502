import { setTimeout as delay } from 'node:timers/promises'
import {
  IdempotencyHeaders,
  refuseReusedKey,
  requestHashOf,
  requireIdempotencyKey,
} from '@tenseams/service/idempotency'
import { Id } from '@tenseams/service/ids'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { judge, type Request } from './domain/payment.ts'
import { Fault, type Faults, type MetFaults } from './faults.ts'
import { Ledger } from './ledger.ts'
import type { Operated, Recorded } from './ledger-plan.ts'
import type { NewPayment } from './ledger-rows.ts'
import { StoredText } from './stored-text.ts'

const MinorUnits = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

const PaymentBody = Type.Object(
  {
    reference: StoredText({ minLength: 1, maxLength: 200 }),
    amountMinor: MinorUnits,
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    method: StoredText({ minLength: 1, maxLength: 64 }),
  },
  { additionalProperties: false },
)

const RefundBody = Type.Object({ amountMinor: MinorUnits }, { additionalProperties: false })
const PaymentId = Type.Object({ paymentId: Id() })

export type PaymentRoutes = { readonly pool: pg.Pool; readonly faults: Faults }

/**
 * `POST /payments` holds money, or declines; `…/capture` captures what is held, `…/void` voids it, `…/refund` refunds what
 * was captured. Each has its effect once per Idempotency-Key, and a repeat gets the first answer. What the payment's state
 * does not allow is 409 with the reason; that is not kept, and decided again the next time. `PUT /faults` says what the
 * provider does wrong from now on.
 */
export function paymentRoutes(server: Server, { pool, faults }: PaymentRoutes): void {
  const ledger = new Ledger(pool)
  const idempotent = { preValidation: requireIdempotencyKey }
  const headers = IdempotencyHeaders

  server.post(
    '/payments',
    { schema: { body: PaymentBody, headers }, ...idempotent },
    (request, reply) =>
      once('authorise', request.headers['idempotency-key'], reply, faults, (met, key) =>
        authorise(ledger, request.body, met, key),
      ),
  )

  for (const name of ['capture', 'void'] as const) {
    const schema = { params: PaymentId, headers }
    server.post(`/payments/:paymentId/${name}`, { schema, ...idempotent }, (request, reply) =>
      once(name, request.headers['idempotency-key'], reply, faults, (met, key) =>
        move(ledger, name, request.params.paymentId, met, key),
      ),
    )
  }

  const schema = { params: PaymentId, body: RefundBody, headers }
  server.post('/payments/:paymentId/refund', { schema, ...idempotent }, (request, reply) =>
    once('refund', request.headers['idempotency-key'], reply, faults, (met, key) =>
      move(ledger, 'refund', request.params.paymentId, met, key, BigInt(request.body.amountMinor)),
    ),
  )

  server.get('/faults', () => faults.current)
  server.put('/faults', { schema: { body: Type.Array(Fault, { maxItems: 10 }) } }, (request) => {
    faults.replace(request.body)
    return faults.current
  })
}

type Done = { readonly operated: Operated; readonly requestHash: Buffer }

/** Handles a request with its faults. */
async function once(
  request: Request,
  key: string,
  reply: Parameters<typeof sendProblem>[0],
  faults: Faults,
  work: (met: MetFaults, key: string) => Promise<Done>,
) {
  const met = faults.next(request)
  await delay(met.get('slow')?.delayMs ?? 0)
  if (met.has('fail')) return sendProblem(reply, provoked)
  const { operated, requestHash } = await work(
    met,
    met.has('ignore-keys') ? `${key} ${uuidv7()}` : key,
  )
  if (operated.kind === 'unknown') return sendProblem(reply, unknownPayment)
  if (operated.kind === 'refused') return sendProblem(reply, notNow(operated.refusal))
  const refused = refuseReusedKey(reply, operated.recorded, requestHash)
  if (refused !== undefined) return refused
  await delay(met.get('late-answer')?.delayMs ?? 0)
  if (met.has('lose-answer')) return sendProblem(reply, provoked)
  return answerOf(operated.recorded)
}

async function authorise(
  ledger: Ledger,
  body: Omit<NewPayment, 'amountMinor'> & { readonly amountMinor: number },
  met: MetFaults,
  idempotencyKey: string,
): Promise<Done> {
  const { reference, amountMinor, currency, method } = body
  const requestHash = requestHashOf('authorise', reference, amountMinor, currency, method)
  // Like the test cards of real providers: the method decides the outcome.
  const declined = method.endsWith('-declined') || met.has('decline')
  const payment = { ...body, amountMinor: BigInt(amountMinor) }
  const recorded = await ledger.begin(payment, {
    ...{ operationId: uuidv7(), paymentId: uuidv7(), idempotencyKey, requestHash },
    amountMinor: payment.amountMinor,
    kind: declined ? 'declined' : 'authorised',
    reason: declined ? 'insufficient-funds' : null,
  })
  return { operated: { kind: 'recorded', recorded }, requestHash }
}

async function move(
  ledger: Ledger,
  request: Exclude<Request, 'authorise'>,
  paymentId: string,
  met: MetFaults,
  idempotencyKey: string,
  wanted?: bigint,
): Promise<Done> {
  const requestHash = requestHashOf(
    request,
    paymentId,
    wanted === undefined ? 'all' : String(wanted),
  )
  const operated = await ledger.operate({
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

const provoked = problem('provoked', 500, 'A provoked failure', 'PUT /faults asked for it.')

const unknownPayment = problem('payment-unknown', 404, 'No such payment', 'Check the id.')

const notNow = (refusal: string) =>
  problem(refusal, 409, 'The payment does not allow it', 'Read the payment, and decide again.')
