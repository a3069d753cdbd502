import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { problem, sendProblem } from './problem.ts'

const KEY_PATTERN = '^[\\x21-\\x7e]{1,200}$'
const KEY_FORM = new RegExp(KEY_PATTERN)

/** For `schema.headers` of a route that has an effect. Use it with `requireIdempotencyKey`. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.String({
    pattern: KEY_PATTERN,
    description:
      'New for each intent, the same for each retry of it: 1 to 200 visible ASCII characters, a UUID for instance.',
  }),
})

/** What a client may rely on, for the description of a route. https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
export const idempotencyPromise = [
  'Idempotency-Key: the same key with the same payload gets the first answer again, with `idempotent-replayed: true`,',
  'and has no second effect; with another payload it is refused with 422, without a key with 400.',
  'A key lives for at least 24 hours after its first answer, seven days unless the service is set otherwise. It is written',
  'in the transaction of its effect and removed when its life is over; then the same request is a new one, with a new effect',
  'wherever the state still allows it. So do not repeat a request whose first try is older than 24 hours: look for its effect.',
  'A request whose key is in use by a concurrent request waits for that one and gets its answer, instead of 409:',
  'both write the same row in a short transaction, so the wait is bounded, and the client need not retry.',
  'After 503, or without an answer, the outcome is unknown: send the same request with the same key.',
  'A refusal is not stored, because nothing was written: the same key may be used again.',
].join(' ')

/** A `preValidation` hook, so that a missing key has its own problem type. */
export async function requireIdempotencyKey(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const key = request.headers['idempotency-key']
  if (typeof key === 'string' && KEY_FORM.test(key)) return undefined
  return sendProblem(reply, keyMissing)
}

const keyMissing = problem(
  'idempotency-key-missing',
  400,
  'An Idempotency-Key is required',
  'Send a header Idempotency-Key of 1 to 200 visible characters, new for each intent.',
)

const keyReused = problem(
  'idempotency-key-reused',
  422,
  'The Idempotency-Key was used with another payload',
  'Send a new key for a new intent, or the first payload to see its answer again.',
)

const keyExpired = problem(
  'idempotency-key-expired',
  503,
  'The life of the Idempotency-Key has just ended',
  'Nothing was written. Look for the effect of the first request; only if there is none, send the request again.',
)

/**
 * Identifies the payload of a request, so that a key that comes with another payload can be refused. The parts must not
 * depend on the whitespace or the order of properties in the request's JSON.
 */
export function requestHashOf(...parts: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/** What is stored for an Idempotency-Key, in the transaction of its effect. */
export type Kept = { readonly requestHash: Buffer; readonly answer: unknown }

/** Refuses a key that was used for another payload, with 422. Undefined when the payload is the same. */
export function refuseReusedKey(
  reply: FastifyReply,
  kept: Pick<Kept, 'requestHash'>,
  requestHash: Buffer,
): FastifyReply | undefined {
  return kept.requestHash.equals(requestHash) ? undefined : sendProblem(reply, keyReused)
}

/**
 * Answers a repeated request with the first answer, marked as replayed; 422 when its key was used for another payload.
 *
 * @param send as it sent the answer the first time.
 * When nothing is stored for the key, though the store refused it as used, its life has just ended: 503, to repeat it.
 */
export function replayAnswer<Answer>(
  reply: FastifyReply,
  kept: Kept | undefined,
  requestHash: Buffer,
  send: (reply: FastifyReply, answer: Answer) => FastifyReply,
): FastifyReply {
  if (kept === undefined) return sendProblem(reply.header('retry-after', '1'), keyExpired)
  const refused = refuseReusedKey(reply, kept, requestHash)
  if (refused !== undefined) return refused
  return send(reply.header('idempotent-replayed', 'true'), kept.answer as Answer)
}
