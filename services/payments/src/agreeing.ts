import type { ProviderPayment } from '@tenseams/provider/answers'
import type pg from 'pg'
import { validate } from 'uuid'
import { agesOf } from './ages.ts'
import { type ListedPayment, planRepairs } from './domain/reconciliation.ts'
import type { PaymentLog } from './log.ts'

/** What the provider lists of each order. */
export type Listed = ReadonlyMap<string, readonly ProviderPayment[]>

/** Of these orders, those about which nothing has to be done. */
export type FindAgreeing = (listed: Listed) => Promise<ReadonlySet<string>>

export type AgreeingOptions = {
  readonly pool: pg.Pool
  readonly schema: string
  readonly log: Pick<PaymentLog, 'load'>
  readonly graceMs: number
}

/**
 * Nearly all orders' books agree, so a page of them is looked through in a few statements. An order is left out when its repair
 * ([repair.ts](./repair.ts)) would ask, do or report something, or when it cannot be read; one that is too young is in, as it is not
 * repaired either.
 *
 * @throws StoreUnavailableError
 */
export function agreeingWith(options: AgreeingOptions): FindAgreeing {
  const { pool, schema, log, graceMs } = options
  return async (listed) => {
    const orders = [...listed.keys()].filter((reference) => validate(reference))
    const ages = await agesOf(pool, schema, orders)
    const isDone = async (order: string) => {
      const ageMs = ages.get(order) ?? Number.POSITIVE_INFINITY
      if (ageMs < graceMs) return ageMs >= 0
      return agrees(log, order, listed.get(order) ?? [])
    }
    const done = await Promise.all(orders.map(isDone))
    return new Set(orders.filter((_, index) => done[index]))
  }
}

async function agrees(
  log: AgreeingOptions['log'],
  orderId: string,
  listed: readonly ProviderPayment[],
): Promise<boolean> {
  try {
    const { state } = await log.load(orderId)
    if (isUnexplained(state, listed)) return false
    return planRepairs(state, listed.map(listedOf), undefined).length === 0
  } catch {
    // Its repair meets the same error, and tells which order it is of.
    return false
  }
}

/** The provider has taken something of which nothing is recorded, so the order itself has to be asked what it costs. */
export function isUnexplained(
  state: { readonly status: string },
  listed: readonly ProviderPayment[],
): boolean {
  return state.status === 'unknown' && listed.some(({ status }) => status !== 'declined')
}

export function listedOf({ amountMinor, ...payment }: ProviderPayment): ListedPayment {
  return { ...payment, amountMinor: BigInt(amountMinor) }
}
