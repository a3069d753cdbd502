import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleType,
  retry,
  wrap,
} from 'cockatiel'
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

export type ProviderOptions = {
  readonly url: string
  /** Bound of one request; a longer one may have taken the money all the same. */
  readonly timeoutMs: number
}

/** One call is tried so often at once; after that the record waits its turn again. */
const ATTEMPTS = 3
const CONCURRENT_CALLS = 16
const WAITING_CALLS = 64
const FAILURES_TO_BREAK = 8
const BROKEN_MS = 2_000

/**
 * The way to the payment provider: over HTTP, so outside every transaction, and exactly-once ends here. What makes a
 * charge one effect is the provider's promise to answer a repeated key with what it did the first time; so every try
 * of an order has the same key, today's and that after a crash.
 *
 * Around the call: a bulkhead (16 at once, 64 wait), retries with jittered backoff, and a circuit breaker that spares a
 * provider in trouble for two seconds after eight failures in a row.
 */
export class Provider {
  readonly #options: ProviderOptions
  readonly #policy = wrap(
    bulkhead(CONCURRENT_CALLS, WAITING_CALLS),
    retry(handleType(ProviderUnavailableError), {
      maxAttempts: ATTEMPTS,
      backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 1_000 }),
    }),
    circuitBreaker(handleType(ProviderUnavailableError), {
      halfOpenAfter: BROKEN_MS,
      breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK),
    }),
  )

  constructor(options: ProviderOptions) {
    this.#options = options
  }

  /** @throws ProviderUnavailableError, ProviderRefusedError */
  async charge(idempotencyKey: string, order: Charge): Promise<ChargeAnswer> {
    try {
      return await this.#policy.execute(() => chargeOnce(this.#options, idempotencyKey, order))
    } catch (error) {
      if (error instanceof BrokenCircuitError || error instanceof BulkheadRejectedError) {
        throw new ProviderUnavailableError('the payment provider is spared for now', {
          cause: error,
        })
      }
      throw error
    }
  }
}

async function chargeOnce(
  { url, timeoutMs }: ProviderOptions,
  idempotencyKey: string,
  order: Charge,
): Promise<ChargeAnswer> {
  const body = { ...order, amountMinor: Number(order.amountMinor) }
  const response = await post(`${url}/charges`, idempotencyKey, body, timeoutMs)
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
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw new ProviderUnavailableError('the payment provider gives no answer', { cause: error })
  }
}
