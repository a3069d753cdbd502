import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'
import { v5 as uuidv5, validate } from 'uuid'
import type { PaymentCommand } from './domain/payment.ts'
import {
  type ListedPayment,
  type Mending,
  type MendingKind,
  planMending,
} from './domain/reconciliation.ts'
import type { PaymentLog } from './log.ts'
import { capture, giveSurplusBack, refund, release } from './moves.ts'
import type { Provider } from './provider.ts'
import type { ProviderPayment } from './provider-answers.ts'

/** Mends an order's payment and says what it did, one thing after another. */
export type Mender = (
  orderId: string,
  listed: readonly ProviderPayment[],
) => AsyncIterable<MendingKind>

export type MenderOptions = {
  readonly pool: pg.Pool
  readonly schema: string
  readonly log: PaymentLog
  readonly provider: Provider
  readonly graceMs: number
}

/** Learning a payment, its capture, its refund, and giving back a surplus: more looks than that are a contradiction. */
const MAX_LOOKS = 8

/**
 * Looks at one order as long as its books differ. An order that we recorded something of within the grace period is left
 * alone, and so is what no order of ours can be.
 */
export function mender({ pool, schema, log, provider, graceMs }: MenderOptions): Mender {
  return async function* mend(orderId, listed) {
    if (!validate(orderId) || (await isYoung(pool, schema, orderId, graceMs))) return
    let seen = listed
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const { state } = await log.load(orderId)
      const plan = planMending(state, seen.map(listedOf))
      for (const mending of plan) {
        await carryOut({ log, provider }, orderId, mending)
        yield mending.kind
      }
      if (plan.every(({ move }) => move === 'report')) return
      seen = await provider.paymentsOf([orderId])
    }
  }
}

async function carryOut(
  { log, provider }: Pick<MenderOptions, 'log' | 'provider'>,
  orderId: string,
  mending: Mending,
): Promise<void> {
  switch (mending.move) {
    case 'report':
      return
    case 'none':
      return note(log, orderId, mending.record, mending.record.data)
    case 'capture':
      return void (await capture(provider, orderId, mending.payment))
    case 'void':
      return void (await release(provider, orderId, mending.payment))
    case 'refund':
      return void (await refund(provider, orderId, mending.payment))
    case 'return':
      await giveSurplusBack(provider, orderId, mending.record.data)
      return note(log, orderId, mending.record, mending.record.data)
  }
}

/** The ids of what is learned come from what is learned, so a second look records it under the same ones. */
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

export const ageOf = (time: Date): number => Date.now() - time.getTime()

async function isYoung(
  pool: pg.Pool,
  schema: string,
  orderId: string,
  graceMs: number,
): Promise<boolean> {
  try {
    const { rows } = await pool.query<{ latest: Date | null }>(
      `select max(recorded_at) as latest from ${schema}.events where stream_id = $1`,
      [orderId],
    )
    const latest = rows[0]?.latest ?? null
    return latest !== null && ageOf(latest) < graceMs
  } catch (error) {
    throw unavailable(error)
  }
}

function listedOf({ amountMinor, ...payment }: ProviderPayment): ListedPayment {
  return { ...payment, amountMinor: BigInt(amountMinor) }
}
