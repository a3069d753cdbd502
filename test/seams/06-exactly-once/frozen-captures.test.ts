import { CaptureSwitch } from '@tenseams/payments/capture-switch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { cancelled, type OwnPayments, openOwnPayments, placedOrder } from './own-payments.ts'

let own: OwnPayments

beforeAll(async () => {
  own = await openOwnPayments(await useStack())
})

afterAll(() => own.close())

/** What the provider did with the order's money. */
async function operations(orderId: string): Promise<readonly string[]> {
  const { rows } = await own.providerPool.query<{ kind: string }>(
    `select kind from operations join payments using (payment_id)
      where reference = $1 order by operations.recorded_at`,
    [orderId],
  )
  return rows.map(({ kind }) => kind)
}

describe('while captures are frozen', () => {
  test('the money of a sent order stays held, whichever instance is asked, and is captured once afterwards', async () => {
    const order = placedOrder()
    await own.take(order)
    await own.captures.set(true, 'operator', 'a test')
    await expect(own.ship(order)).rejects.toMatchObject({ code: 'CAPTURES_FROZEN' })
    const silent = { info: () => undefined, warn: () => undefined }
    const other = new CaptureSwitch({ pool: own.pool, schema: own.schema, log: silent })
    await expect(other.assertOpen()).rejects.toMatchObject({ code: 'CAPTURES_FROZEN' })
    expect(await operations(order.streamId)).not.toContain('captured')
    await other.set(false, 'operator', 'the test is over')
    // The instance that has not been told learns of it within a second, as its record is tried again.
    await expect
      .poll(() =>
        own.ship(order).then(
          () => 'shipped',
          () => 'held',
        ),
      )
      .toBe('shipped')
    await own.ship(order)
    const captured = (await operations(order.streamId)).filter((kind) => kind === 'captured')
    expect(captured).toHaveLength(1)
  })

  test('money is still held for new orders, and returned to who cancels', async () => {
    await own.captures.set(true, 'operator', 'a test')
    const order = placedOrder()
    await own.take(order)
    await own.take(cancelled(order))
    expect((await own.log.load(order.streamId)).state.status).toBe('voided')
    await own.captures.set(false, 'operator', 'the test is over')
  })

  test('nobody but the table’s owner removes or rewrites a change', async () => {
    await own.captures.set(true, 'operator', 'a test')
    await own.captures.set(false, 'operator', 'the test is over')
    for (const statement of ['delete from', 'truncate']) {
      const asking = own.pool.query(`${statement} ${own.schema}.capture_switch`)
      await expect(asking).rejects.toMatchObject({ code: '42501' })
    }
    const rewriting = own.pool.query(`update ${own.schema}.capture_switch set reason = ''`)
    await expect(rewriting).rejects.toMatchObject({ code: '42501' })
  })
})
