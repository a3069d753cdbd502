import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'

/** The provider gave no usable answer in time: the money may or may not have been taken. Ask again with the same key. */
export class ProviderUnavailableError extends Error {
  readonly code = 'PROVIDER_UNAVAILABLE'
  readonly retriable = true
}

/** The provider says that our request is wrong; asking again would change nothing. */
export class ProviderRefusedError extends Error {
  readonly code = 'PROVIDER_REFUSED'
  readonly retriable = false
}

export type Charge = {
  /** What the provider shows its own people: the order's id. */
  readonly reference: string
  readonly amountMinor: bigint
  readonly currency: string
  readonly method: string
}

const ChargeAnswer = Type.Object({
  paymentId: Type.String(),
  outcome: Type.Union([Type.Literal('captured'), Type.Literal('declined')]),
  reason: Type.Union([Type.String(), Type.Null()]),
})

export type ChargeAnswer = Static<typeof ChargeAnswer>

const TIMEOUT_MS = 5_000

/**
 * Takes money, over HTTP, so outside every transaction: exactly-once ends here. What makes it one effect is the
 * provider's promise to answer a repeated `idempotencyKey` with what it did the first time.
 *
 * @throws ProviderUnavailableError, ProviderRefusedError
 */
export async function charge(
  providerUrl: string,
  idempotencyKey: string,
  order: Charge,
): Promise<ChargeAnswer> {
  const response = await post(`${providerUrl}/charges`, idempotencyKey, {
    ...order,
    amountMinor: Number(order.amountMinor),
  })
  if (response.status >= 500 || response.status === 429) {
    throw new ProviderUnavailableError(`payment provider answers ${response.status}`)
  }
  if (response.status >= 400) {
    throw new ProviderRefusedError(`payment provider answers ${response.status} ${response.text}`)
  }
  const answer: unknown = JSON.parse(response.text)
  if (Value.Check(ChargeAnswer, answer)) return answer
  throw new ProviderUnavailableError('the payment provider answers something else')
}

async function post(
  url: string,
  idempotencyKey: string,
  body: object,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw new ProviderUnavailableError('the payment provider gives no answer', { cause: error })
  }
}
