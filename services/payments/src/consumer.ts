import type { Codec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { ConsumedRecord } from '@tenseams/kafka/consume'
import { v5 as uuidv5 } from 'uuid'
import { ORDERS_TOPIC } from './contract.ts'
import type { PaymentCommand } from './domain/payment.ts'
import type { PaymentLog } from './log.ts'
import { authorise, capture, giveBack } from './moves.ts'
import type { Provider } from './provider.ts'

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

export type PaymentHandling = {
  readonly log: PaymentLog
  readonly codec: Codec
  readonly provider: Provider
}

/** What made us move money: its id makes the ids of what is recorded. */
type Cause = {
  readonly eventId: string
  readonly streamId: string
  readonly traceparent: string | null
}

/**
 * A placed order's money is held and taken, a cancelled one's is given back. The provider is called first, idempotently;
 * then inbox, events and the ledger's entries are written in one transaction. A crash between the two hands the record
 * out again; the provider answers the same key with what it did, and that is what gets written.
 */
export function handleOrders(handling: PaymentHandling) {
  return async (record: ConsumedRecord): Promise<void> => {
    const { value: order } = await handling.codec.decode<OrderEvent>(ORDERS_TOPIC, record.value)
    if (order.placed !== null) await pay(handling, order, order.placed)
    if (order.cancelled !== null) await handBack(handling, order)
  }
}

async function pay(
  handling: PaymentHandling,
  order: OrderEvent,
  placed: NonNullable<OrderEvent['placed']>,
): Promise<void> {
  const { log, provider } = handling
  const before = await log.load(order.streamId)
  if (before.state.status === 'unknown') {
    await note(log, order, await authorise(provider, order.streamId, placed), 'inbox')
  }
  const { state } = await log.load(order.streamId)
  if (state.status !== 'authorised') return
  const command = await capture(provider, order.streamId, state.payment)
  if (command !== undefined) await note(log, order, command, 'capture')
}

async function handBack({ log, provider }: PaymentHandling, order: OrderEvent): Promise<void> {
  const { state } = await log.load(order.streamId)
  const command = await giveBack(provider, order.streamId, state)
  if (command !== undefined) await note(log, order, command, 'inbox')
}

/** Records what the provider did; with the inbox's row when it is all that the consumed event asks for. */
async function note(
  log: PaymentLog,
  cause: Cause,
  command: PaymentCommand,
  part: 'inbox' | 'capture',
): Promise<void> {
  const name = part === 'inbox' ? 'payments' : `payments/${part}`
  const outcome = await log.handle(cause.streamId, command, {
    eventIdOf: (step) => uuidv5(`${name}/${step}`, cause.eventId),
    occurredAt: Date.now(),
    traceparent: cause.traceparent,
    ...(part === 'inbox' && { guard: { kind: 'inbox', eventId: cause.eventId } }),
  })
  // A second payment of an order is not written down; the reconciler finds it at the provider and gives it back.
  if (outcome.kind !== 'refused' || outcome.refusal === 'paid-by-another') return
  throw new PaymentContradictionError(outcome.refusal, cause.streamId)
}
