import type { Judgement, Operation, OperationKind } from './domain/payment.ts'

/** What was done for an Idempotency-Key the first time. */
export type Recorded = {
  readonly operationId: string
  readonly paymentId: string
  readonly requestHash: Buffer
  readonly kind: OperationKind
  readonly amountMinor: bigint
  readonly reason: string | null
}

export type NewOperation = Recorded & { readonly idempotencyKey: string }

export type Operating = {
  readonly paymentId: string
  readonly idempotencyKey: string
  /** Decides on the operations so far; a lock keeps them from changing meanwhile. */
  readonly judge: (operations: readonly Operation[], amountMinor: bigint) => Judgement
  readonly make: (kind: OperationKind, amountMinor: bigint) => NewOperation
}

export type Operated =
  | { readonly kind: 'recorded'; readonly recorded: Recorded }
  | { readonly kind: 'refused'; readonly refusal: string }
  | { readonly kind: 'unknown' }

/** What the ledger holds of the payments and keys that are asked for. */
export type Known = {
  readonly byKey: ReadonlyMap<string, Recorded>
  readonly payments: ReadonlyMap<string, KnownPayment>
}

export type KnownPayment = {
  readonly amountMinor: bigint
  readonly operations: readonly Operation[]
}

/** What one request gets: an answer, or an operation that is to be written. */
export type Planned = Operated | { readonly kind: 'write'; readonly operation: NewOperation }

/**
 * Parts requests so that each round has one for each payment and key, the first that came: the next one of a payment is
 * judged on what the one before it has written.
 */
export function roundsOf<Request extends Pick<Operating, 'paymentId' | 'idempotencyKey'>>(
  requests: readonly Request[],
): readonly (readonly Request[])[] {
  const rounds: Request[][] = []
  const nextRound = new Map<string, number>()
  for (const request of requests) {
    const names = [`payment ${request.paymentId}`, `key ${request.idempotencyKey}`]
    const round = Math.max(...names.map((name) => nextRound.get(name) ?? 0))
    for (const name of names) nextRound.set(name, round + 1)
    const others = rounds[round]
    if (others === undefined) rounds.push([request])
    else others.push(request)
  }
  return rounds
}

/** Decides on a round: a repeated key gets what it did the first time, whatever the payment allows now. */
export function planRound(round: readonly Operating[], known: Known): readonly Planned[] {
  return round.map(({ paymentId, idempotencyKey, judge, make }) => {
    const recorded = known.byKey.get(idempotencyKey)
    if (recorded !== undefined) return { kind: 'recorded', recorded }
    const payment = known.payments.get(paymentId)
    if (payment === undefined) return { kind: 'unknown' }
    const judgement = judge(payment.operations, payment.amountMinor)
    if (judgement.kind === 'refused') return judgement
    return { kind: 'write', operation: make(judgement.operation, payment.amountMinor) }
  })
}
