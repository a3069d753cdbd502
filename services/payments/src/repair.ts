import type { ProviderPayment } from '@tenseams/provider/answers'
import type { Provider } from '@tenseams/provider/client'
import type pg from 'pg'
import { v5 as uuidv5, validate } from 'uuid'
import { agesOf } from './ages.ts'
import { isUnexplained, listedOf } from './agreeing.ts'
import type { PaymentCommand } from './domain/payment.ts'
import { planRepairs, type Repair, type RepairKind } from './domain/reconciliation.ts'
import { Grace } from './grace.ts'
import type { PaymentLog } from './log.ts'
import { capture, refund, returnSurplus, voidOrRefund } from './moves.ts'
import type { FindOrder } from './order-lookup.ts'

/** Repairs an order's payment and yields the kind of each repair. */
export type RepairPayment = (
  orderId: string,
  listed: readonly ProviderPayment[],
) => AsyncIterable<RepairKind>

export type RepairOptions = {
  readonly pool: pg.Pool
  readonly schema: string
  readonly log: PaymentLog
  readonly provider: Provider
  readonly findOrder: FindOrder
  readonly graceMs: number
}

/** Enough to learn a payment, its capture and its refund, and to return a surplus. Books that differ after that contradict each other. */
const MAX_LOOKS = 8

/**
 * Repairs one order until its books agree; nothing happens between two steps that are not asked for. It leaves alone an
 * order of which we recorded something within the grace period, and a reference that cannot be the id of an order.
 */
export function repairWith(options: RepairOptions): RepairPayment {
  const { pool, schema, log, provider, findOrder } = options
  const grace = new Grace(options.graceMs)
  return async function* repair(orderId, listed) {
    if (!validate(orderId) || (await isYoung(pool, schema, orderId, grace))) return
    let seen = listed
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const { state } = await log.load(orderId)
      const order = isUnexplained(state, seen) ? await findOrder(orderId) : undefined
      const plan = planRepairs(state, seen.map(listedOf), order)
      for (const step of plan) {
        await carryOut({ log, provider }, orderId, step)
        yield step.kind
      }
      if (plan.every(({ move }) => move === 'report')) return
      seen = await provider.paymentsOf([orderId])
    }
  }
}

async function carryOut(
  { log, provider }: Pick<RepairOptions, 'log' | 'provider'>,
  orderId: string,
  repair: Repair,
): Promise<void> {
  switch (repair.move) {
    case 'report':
      return
    case 'none':
      return note(log, orderId, repair.record, repair.record.data)
    case 'capture':
      return void (await capture(provider, orderId, repair.payment))
    case 'void':
      return void (await voidOrRefund(provider, orderId, repair.payment))
    case 'refund':
      return void (await refund(provider, orderId, repair.payment))
    case 'return-foreign':
      return returnSurplus(provider, orderId, repair.surplus)
    case 'return':
      await returnSurplus(provider, orderId, repair.record.data)
      return note(log, orderId, repair.record, repair.record.data)
  }
}

/** Event ids are derived from what is learned, so a second look records it under the same ids. */
async function note(
  log: PaymentLog,
  orderId: string,
  command: PaymentCommand,
  about: { readonly paymentId?: string; readonly operationId?: string },
): Promise<void> {
  const name = `payments/reconciled/${command.type}/${about.operationId ?? about.paymentId}`
  const outcome = await log.handle(orderId, command, {
    eventIdOf: (step) => uuidv5(`${name}/${step}`, orderId),
    occurredAt: Date.now(),
    traceparent: null,
  })
  if (outcome.kind === 'refused') throw new Error(`order ${orderId}: ${outcome.refusal}`)
}

async function isYoung(
  pool: pg.Pool,
  schema: string,
  orderId: string,
  grace: Grace,
): Promise<boolean> {
  const ageMs = (await agesOf(pool, schema, [orderId])).get(orderId)
  if (ageMs === undefined || !grace.isYoung(orderId, ageMs)) return false
  if (ageMs < 0) throw new DatedAheadError(orderId)
  return true
}

/** Its newest event is dated ahead of our clock, and was first seen within the grace period: it is tried again. */
class DatedAheadError extends Error {
  readonly code = 'DATED_AHEAD'
  readonly retriable = true

  constructor(orderId: string) {
    super(
      `order ${orderId}: its newest event is dated ahead of this machine's clock; it is tried again`,
    )
  }
}
