import { v5 as uuidv5 } from 'uuid'
import type { PaymentCommand } from './domain/payment.ts'
import type { PaymentLog } from './log.ts'

/**
 * What the provider did does not fit what is recorded for the order. Another may have recorded meanwhile, so the record
 * is tried again, ten times; then it goes to the dead letter topic, for a person.
 */
export class PaymentContradictionError extends Error {
  readonly code: string

  constructor(refusal: string, orderId: string) {
    super(`payment of order ${orderId}: ${refusal}`)
    this.code = refusal
  }
}

/** The consumed event that made us move money: its id makes the ids of what is recorded. */
export type Cause = {
  readonly eventId: string
  readonly streamId: string
  readonly traceparent: string | null
}

/** Records what the provider did: inbox, events and the ledger's entries in one transaction. */
export async function note(log: PaymentLog, cause: Cause, command: PaymentCommand): Promise<void> {
  const outcome = await log.handle(cause.streamId, command, {
    eventIdOf: (step) => uuidv5(`payments/${step}`, cause.eventId),
    occurredAt: Date.now(),
    traceparent: cause.traceparent,
    guard: { kind: 'inbox', eventId: cause.eventId },
  })
  // A second payment of an order is not written down; the reconciler finds it at the provider and gives it back.
  if (outcome.kind !== 'refused' || outcome.refusal === 'paid-by-another') return
  throw new PaymentContradictionError(outcome.refusal, cause.streamId)
}
