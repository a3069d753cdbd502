import { derivedId } from '@tenseams/service/ids'
import type { PaymentCommand, PaymentState } from './domain/payment.ts'
import type { PaymentLog } from './log.ts'

/**
 * What the provider did contradicts what is recorded for the order. Somebody else may have written the record meanwhile,
 * so the consumed record is retried ten times; then it is dead-lettered, for a person.
 */
export class PaymentContradictionError extends Error {
  readonly code: string

  constructor(refusal: string, orderId: string) {
    super(`payment of order ${orderId}: ${refusal}`)
    this.code = refusal
  }
}

/** The consumed event that made us move money. The ids of the recorded events are derived from its id. */
export type Cause = {
  readonly eventId: string
  readonly streamId: string
  readonly traceparent: string | null
}

/** The payment as it was before the provider was called. */
export type Loaded = { readonly state: PaymentState; readonly version: bigint }

/** Records what the provider did: inbox, events and ledger entries in one transaction. */
export async function note(
  log: PaymentLog,
  cause: Cause,
  loaded: Loaded,
  command: PaymentCommand,
): Promise<void> {
  const outcome = await log.handleFrom(cause.streamId, loaded, command, {
    eventIdOf: (step) => derivedId(`payments/${step}`, cause.eventId),
    occurredAt: Date.now(),
    traceparent: cause.traceparent,
    guard: { kind: 'inbox', eventId: cause.eventId },
  })
  // A second payment of an order is not recorded; the reconciler finds it at the provider and returns the money.
  if (outcome.kind !== 'refused' || outcome.refusal === 'paid-by-another') return
  throw new PaymentContradictionError(outcome.refusal, cause.streamId)
}
