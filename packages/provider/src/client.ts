import type { OwnToken } from '@tenseams/service/access/own-token'
import type { Queue } from '@tenseams/telemetry/readings'
import { inCallStep } from '@tenseams/telemetry/tracing/call'
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
import { request as send } from 'undici'
import {
  type Answer,
  answerOf,
  conflictOf,
  type ProviderChanges,
  type ProviderPayment,
  pageOf,
  paymentsOf,
} from './answers.ts'
import { errorOf, ProviderRefusedError, ProviderUnavailableError } from './errors.ts'

export type Charge = {
  readonly method: string
  readonly amountMinor: bigint
  readonly currency: string
  /** What the provider shows its own staff: the order's id. */
  readonly reference: string
}

/** What the provider did, now or for an earlier try; or why the payment's state there does not allow it. */
export type Operated =
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly refusal: string }

export type ProviderOptions = {
  readonly url: string
  /** Timeout of one request. A request that timed out may still have moved the money. */
  readonly timeoutMs: number
  /** Who we are: the provider serves its customers only. */
  readonly authorization: OwnToken
  /** Asked before each request that captures money, also a repeated one. When it throws, no such request is sent. */
  readonly mayCapture: () => Promise<void>
}

/** Tries of one call. After that the consumed record is retried later. */
const ATTEMPTS = 3
const CONCURRENT_CALLS = 16
const WAITING_CALLS = 64
const FAILURES_TO_OPEN = 8
const CIRCUIT_OPEN_MS = 2_000

/**
 * Client of the payment provider. The call is HTTP, so it is outside every transaction, and exactly-once ends here. What
 * gives an operation one effect is the provider's promise to answer a repeated key with what it did the first time; so
 * every try has the same key, also after a crash.
 *
 * Around each call: a bulkhead (16 at once, 64 wait), retries with jittered backoff, and a circuit breaker that opens for
 * two seconds after eight failures in a row.
 */
export class Provider {
  readonly #options: ProviderOptions
  readonly #bulkhead = bulkhead(CONCURRENT_CALLS, WAITING_CALLS)
  readonly #policy = wrap(
    this.#bulkhead,
    retry(handleType(ProviderUnavailableError), {
      maxAttempts: ATTEMPTS,
      backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 1_000 }),
    }),
    circuitBreaker(handleType(ProviderUnavailableError), {
      halfOpenAfter: CIRCUIT_OPEN_MS,
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    }),
  )

  constructor(options: ProviderOptions) {
    this.#options = options
  }

  /** The calls that wait because so many are under way. */
  get queue(): Queue {
    const waiting = () => WAITING_CALLS - this.#bulkhead.queueSlots
    return { name: 'provider-calls', capacity: WAITING_CALLS, waiting }
  }

  /**
   * Holds the money of an order, or is declined.
   *
   * @throws ProviderUnavailableError, ProviderRefusedError, like all other methods.
   */
  async authorise(idempotencyKey: string, charge: Charge): Promise<Answer> {
    const body = { ...charge, amountMinor: Number(charge.amountMinor) }
    const operated = await this.#operate('/payments', idempotencyKey, body)
    if (operated.kind === 'done') return operated.answer
    throw new ProviderRefusedError(409, `payment provider does not authorise: ${operated.refusal}`)
  }

  /**
   * Captures what is held. No other request captures money.
   *
   * @throws CapturesFrozenError
   */
  capture(idempotencyKey: string, paymentId: string): Promise<Operated> {
    const { mayCapture } = this.#options
    return this.#operate(`/payments/${paymentId}/capture`, idempotencyKey, {}, mayCapture)
  }

  /** Voids what is held. */
  void(idempotencyKey: string, paymentId: string): Promise<Operated> {
    return this.#operate(`/payments/${paymentId}/void`, idempotencyKey)
  }

  /** Refunds up to what was captured. */
  refund(idempotencyKey: string, paymentId: string, amountMinor: bigint): Promise<Operated> {
    const body = { amountMinor: Number(amountMinor) }
    return this.#operate(`/payments/${paymentId}/refund`, idempotencyKey, body)
  }

  /** Changes at the provider after a cursor, or since a time, with all payments of their references. */
  async changes(page: {
    readonly after: string | undefined
    readonly since: Date
    readonly limit: number
  }): Promise<ProviderChanges> {
    const query = new URLSearchParams({
      since: page.since.toISOString(),
      limit: String(page.limit),
      ...(page.after === undefined ? {} : { after: page.after }),
    })
    return pageOf(await this.#ask(`/payments?${query}`, { method: 'GET' }))
  }

  async paymentsOf(references: readonly string[]): Promise<readonly ProviderPayment[]> {
    if (references.length === 0) return []
    return paymentsOf(await this.#ask('/payments/search', posted({ references })))
  }

  async #operate(
    path: string,
    idempotencyKey: string,
    body: object = {},
    before?: () => Promise<void>,
  ): Promise<Operated> {
    const request = posted(body, { 'idempotency-key': idempotencyKey })
    const response = await this.#ask(path, request, before)
    if (response.status === 409) return { kind: 'refused', refusal: conflictOf(response) }
    return { kind: 'done', answer: answerOf(response) }
  }

  async #ask(
    path: string,
    request: ProviderRequest,
    before?: () => Promise<void>,
  ): Promise<ProviderResponse> {
    try {
      let tries = 0
      return await this.#policy.execute(async () => {
        await before?.()
        return this.#askOnce(path, request, tries++)
      })
    } catch (error) {
      if (error instanceof BrokenCircuitError || error instanceof BulkheadRejectedError) {
        throw new ProviderUnavailableError(
          'the payment provider is not called: circuit open, or too many calls',
          {
            cause: error,
          },
        )
      }
      throw error
    }
  }

  async #askOnce(
    path: string,
    request: ProviderRequest,
    repetition: number,
  ): Promise<ProviderResponse> {
    const { timeoutMs, authorization } = this.#options
    const url = `${this.#options.url}${path}`
    const known = { ...request.headers, ...(await authorization()) }
    return inCallStep({ method: request.method, url, repetition }, async (traced) => {
      const headers = { ...known, ...traced }
      const response = await exchange(url, { ...request, headers }, timeoutMs)
      const error = errorOf(response.status, response.text)
      if (error !== undefined) throw error
      return response
    })
  }
}

export type ProviderResponse = { readonly status: number; readonly text: string }

type ProviderRequest = {
  readonly method: 'GET' | 'POST'
  readonly headers?: Record<string, string>
  readonly body?: string
}

function posted(body: object, headers: Readonly<Record<string, string>> = {}): ProviderRequest {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}

async function exchange(
  url: string,
  request: ProviderRequest,
  timeoutMs: number,
): Promise<ProviderResponse> {
  try {
    const response = await send(url, { ...request, signal: AbortSignal.timeout(timeoutMs) })
    return { status: response.statusCode, text: await response.body.text() }
  } catch (error) {
    throw new ProviderUnavailableError('the payment provider does not answer', { cause: error })
  }
}
