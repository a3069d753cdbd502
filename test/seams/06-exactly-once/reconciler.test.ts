import { randomUUID } from 'node:crypto'
import { readCategory } from '@tenseams/event-store/read-category'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { agreeingWith } from '@tenseams/payments/agreeing'
import type { RepairKind } from '@tenseams/payments/domain/reconciliation'
import type { FindOrder } from '@tenseams/payments/order-lookup'
import { Reconciler } from '@tenseams/payments/reconciler'
import { progressIn } from '@tenseams/payments/reconciler-progress'
import { repairWith } from '@tenseams/payments/repair'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { cancelled, type OwnPayments, openOwnPayments, placedOrder } from './own-payments.ts'

let own: OwnPayments

beforeAll(async () => {
  own = await openOwnPayments(await useStack())
})

afterEach(() => {
  own.faults.replace([])
  comparedAlone.clear()
})
afterAll(() => own.close())

const counted: RepairKind[] = []

/** The orders that were not passed together with others. */
const comparedAlone = new Set<string>()

/** Every order of these tests costs the same, unless it is one that was never placed. */
const neverPlaced = new Set<string>()
const findOrder: FindOrder = async (orderId) =>
  neverPlaced.has(orderId) ? undefined : { amountMinor: 9_800n, currency: 'EUR' }

/** A reconciler that compares everything, however young, unless a test says otherwise. */
function reconciler(graceMs = 0): Reconciler {
  const { pool, schema, log, provider } = own
  const repair = repairWith({ pool, schema, log, provider, findOrder, graceMs })
  return new Reconciler({
    ...{ provider, graceMs },
    readOurs: (reading) => readCategory(pool, schema, reading),
    progress: progressIn(pool, schema),
    agreeing: agreeingWith({ pool, schema, log, graceMs }),
    repair: (orderId, listed) => {
      comparedAlone.add(orderId)
      return repair(orderId, listed)
    },
    intervalMs: 1_000,
    horizonMs: 3_600_000,
    reconciled: { inc: ({ kind }) => void counted.push(kind) },
    log: { warn: () => undefined },
  })
}

/**
 * Runs rounds until these repairs were made, and returns all that were. A round does not see what is newer than the oldest
 * transaction that still runs in this Postgres, of another service for instance.
 */
async function reconcile(...wanted: readonly RepairKind[]): Promise<readonly RepairKind[]> {
  const comparing = reconciler()
  const repaired: RepairKind[] = []
  const isRepaired = async () => {
    repaired.push(...(await comparing.once()))
    return wanted.every((kind) => repaired.includes(kind))
  }
  await eventually(isRepaired, { timeoutMs: 20_000, what: `${wanted.join(', ')} to be repaired` })
  return repaired
}

/** Money captured and not refunded: at the provider, and in our ledger. */
async function taken(orderId: string): Promise<{ readonly there: number; readonly here: number }> {
  const [there, here] = await Promise.all([
    own.providerPool.query<{ minor: number }>(
      `select coalesce(sum(case kind when 'captured' then o.amount_minor when 'refunded' then -o.amount_minor else 0 end), 0)::int as minor
         from operations o join payments using (payment_id) where reference = $1`,
      [orderId],
    ),
    own.pool.query<{ minor: number }>(
      `select coalesce(sum(case side when 'credit' then amount_minor else -amount_minor end), 0)::int as minor
         from ${own.schema}.entries where order_id = $1 and account = 'merchant'`,
      [orderId],
    ),
  ])
  return { there: there.rows[0]?.minor ?? 0, here: here.rows[0]?.minor ?? 0 }
}

/** Payments at the provider that still hold money. */
async function held(orderId: string): Promise<number> {
  const payments = await own.provider.paymentsOf([orderId])
  return payments.filter(({ status }) => status === 'authorised').length
}

/** An order whose money was captured. */
async function shipped() {
  const order = placedOrder()
  await own.take(order)
  await own.ship(order)
  return order
}

const statusHere = async (orderId: string) => (await own.log.load(orderId)).state.status

const ignoredKeysAndLostAnswers = (operation: 'authorise' | 'capture') => [
  { kind: 'ignore-keys', every: 1, operation } as const,
  { kind: 'lose-answer', every: 2, operation } as const,
]

describe('a provider that ignores keys and loses answers', () => {
  test('holds the money twice: the second hold is voided', async () => {
    const order = placedOrder()
    own.faults.replace(ignoredKeysAndLostAnswers('authorise'))
    // The first order gets its answer; that of the second is lost, so the request is retried.
    await own.take(placedOrder())
    await own.take(order)
    await own.ship(order)
    // Without the reconciler this is how it stays.
    expect(await held(order.streamId)).toBe(1)
    own.faults.replace([])
    await reconcile('surplus-voided')
    expect(await held(order.streamId)).toBe(0)
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
    expect(await reconciler().once()).toEqual([])
  })

  test('captures twice: the second capture is refunded, and both books are equal', async () => {
    own.faults.replace(ignoredKeysAndLostAnswers('capture'))
    await shipped()
    const order = await shipped()
    // Without the reconciler this is how it stays.
    expect(await taken(order.streamId)).toEqual({ there: 19_600, here: 9_800 })
    own.faults.replace([])
    await reconcile('surplus-refunded')
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
    expect(await reconciler().once()).toEqual([])
  })

  test('refunds a surplus once, though the answer is lost and the record comes later', async () => {
    own.faults.replace(ignoredKeysAndLostAnswers('capture'))
    await shipped()
    const order = await shipped()
    own.faults.replace([{ kind: 'lose-answer', every: 1, operation: 'refund' }])
    const isReturnedThere = async () => {
      expect(await reconciler().once()).toEqual([])
      return (await taken(order.streamId)).there === 9_800
    }
    await eventually(isReturnedThere, { timeoutMs: 20_000, what: 'the surplus to be returned' })
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
    own.faults.replace([])
    expect(await reconcile('surplus-refunded')).toEqual(['surplus-refunded'])
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
  })

  test('captures twice for an order that is cancelled: all of it is refunded', async () => {
    own.faults.replace(ignoredKeysAndLostAnswers('capture'))
    await shipped()
    const order = await shipped()
    own.faults.replace([])
    await own.take(cancelled(order))
    expect((await taken(order.streamId)).there).toBe(9_800)
    await reconcile('surplus-refunded')
    expect(await taken(order.streamId)).toEqual({ there: 0, here: 0 })
  })
})

describe('an order whose books differ', () => {
  test('is found among many whose books agree, and only it is compared alone', async () => {
    await Promise.all(Array.from({ length: 30 }, () => shipped()))
    own.faults.replace(ignoredKeysAndLostAnswers('capture'))
    const [before, order] = [await shipped(), await shipped()]
    own.faults.replace([])
    await reconcile('surplus-refunded')
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
    comparedAlone.delete(before.streamId)
    expect([...comparedAlone]).toEqual([order.streamId])
  })
})

describe('a payment that no order has asked for', () => {
  const charge = (reference: string, amountMinor: bigint) =>
    own.provider.authorise(`made-up/${reference}`, {
      ...{ reference, amountMinor, currency: 'EUR', method: 'card' },
    })

  test('is voided when the order does not exist, and nothing is recorded for it', async () => {
    const orderId = randomUUID()
    neverPlaced.add(orderId)
    await charge(orderId, 9_800n)
    await reconcile('foreign-voided')
    expect([await held(orderId), await statusHere(orderId)]).toEqual([0, 'unknown'])
    expect(await reconciler().once()).toEqual([])
  })

  test('is voided when the amount is another, and the order is paid all the same', async () => {
    const order = placedOrder()
    await charge(order.streamId, 1n)
    await reconcile('foreign-voided')
    expect(await statusHere(order.streamId)).toBe('unknown')
    await own.take(order)
    await own.ship(order)
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
    await reconcile('surplus-voided')
    expect(await taken(order.streamId)).toEqual({ there: 9_800, here: 9_800 })
  })

  test('is refunded when it was captured', async () => {
    const orderId = randomUUID()
    neverPlaced.add(orderId)
    const { paymentId } = await charge(orderId, 500n)
    await own.provider.capture(`made-up/${orderId}/capture`, paymentId)
    await reconcile('foreign-refunded')
    expect(await taken(orderId)).toEqual({ there: 0, here: 0 })
  })
})

describe('an order about which nobody answers', () => {
  test('holds up no other, also over a restart, and is repaired when there is an answer', async () => {
    own.faults.replace(ignoredKeysAndLostAnswers('capture'))
    await shipped()
    const stuck = await shipped()
    own.faults.replace([{ kind: 'fail', every: 1, operation: 'refund' }])
    const isPassed = async () => {
      await reconciler().once()
      return (await progressIn(own.pool, own.schema).unsettled(9)).includes(stuck.streamId)
    }
    await eventually(isPassed, { timeoutMs: 30_000, what: 'the order to be passed' })
    const orderId = randomUUID()
    neverPlaced.add(orderId)
    await own.provider.authorise(`made-up/${orderId}`, {
      ...{ reference: orderId, amountMinor: 5n, currency: 'EUR', method: 'card' },
    })
    await reconcile('foreign-voided')
    own.faults.replace([])
    expect(await reconcile('surplus-refunded')).toEqual(['surplus-refunded'])
    expect(await progressIn(own.pool, own.schema).unsettled(9)).toEqual([])
  })
})

describe('what one side does not know', () => {
  test('is learned: money held or captured though the answer was lost', async () => {
    const [first, second] = [placedOrder(), placedOrder()]
    own.faults.replace([{ kind: 'lose-answer', every: 1, operation: 'authorise' }])
    await expect(own.take(first)).rejects.toMatchObject({ retriable: true })
    own.faults.replace([{ kind: 'lose-answer', every: 1, operation: 'capture' }])
    await own.take(second)
    await expect(own.ship(second)).rejects.toMatchObject({ retriable: true })
    own.faults.replace([])
    await reconcile('learned-authorisation', 'learned-capture')
    expect(await statusHere(first.streamId)).toBe('authorised')
    expect(await statusHere(second.streamId)).toBe('captured')
    await own.take(first)
    await own.ship(first)
    await own.ship(second)
    expect(await taken(first.streamId)).toEqual({ there: 9_800, here: 9_800 })
    expect(await taken(second.streamId)).toEqual({ there: 9_800, here: 9_800 })
  })

  test('is repeated there when it is recorded here', async () => {
    const order = placedOrder()
    await own.take(order)
    const { state } = await own.log.load(order.streamId)
    if (!('payment' in state)) throw new Error('nothing is held')
    await own.log.handle(
      order.streamId,
      { type: 'RecordVoid', data: state.payment },
      { eventIdOf: () => order.streamId, occurredAt: Date.now(), traceparent: null },
    )
    expect(await held(order.streamId)).toBe(1)
    await reconcile('repeated-void')
    expect(await held(order.streamId)).toBe(0)
  })

  test('is left alone within the grace period, and compared after it', async () => {
    const order = placedOrder()
    own.faults.replace([{ kind: 'lose-answer', every: 1, operation: 'authorise' }])
    await expect(own.take(order)).rejects.toMatchObject({ retriable: true })
    own.faults.replace([])
    expect(await reconciler(60_000).once()).toEqual([])
    expect(await statusHere(order.streamId)).toBe('unknown')
    expect(await reconcile('learned-authorisation')).toEqual(['learned-authorisation'])
    expect(counted.length).toBeGreaterThan(0)
  })
})
