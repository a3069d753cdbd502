import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { setFaults } from '../../proofs/eos/provocations/provider.ts'
import { withOwnStack } from '../../support/own-stack.ts'
import { adminPool, getOrder, orderBody, postOrder } from '../../support/shop.ts'

const TIMEOUT_MS = 5 * 60_000
const WAIT_MS = 30_000

type Scene = {
  readonly stack: Stack
  readonly url: string
  readonly shop: pg.Pool
  readonly provider: pg.Pool
}

const place = async ({ url }: Scene, changes = {}): Promise<string> => {
  const { status, body } = await postOrder(url, orderBody(changes))
  expect(status).toBe(201)
  return String(body.orderId)
}

const reaches = async ({ url }: Scene, orderId: string, status: string) =>
  eventually(
    async () => {
      const { body } = await getOrder(url, orderId)
      return body.status === status ? body : undefined
    },
    { timeoutMs: WAIT_MS, what: `an order to be ${status}` },
  )

const paymentReaches = ({ shop }: Scene, orderId: string, state: string) =>
  eventually(
    async () => {
      const { rows } = await shop.query('select state from legacy.payments where order_id = $1', [
        orderId,
      ])
      return rows[0]?.state === state
    },
    { timeoutMs: WAIT_MS, what: `its payment to be ${state}` },
  )

const operationsOf = async ({ provider }: Scene, orderId: string): Promise<readonly string[]> => {
  const { rows } = await provider.query<{ kind: string }>(
    `select kind from operations join payments using (payment_id) where reference = $1
      order by position`,
    [orderId],
  )
  return rows.map(({ kind }) => kind)
}

const cancel = async ({ url }: Scene, orderId: string, key: string) => {
  const response = await fetch(`${url}/orders/${orderId}/cancellation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, 'if-match': '*' },
    body: JSON.stringify({ reason: 'mistake' }),
    signal: AbortSignal.timeout(10_000),
  })
  return response.status
}

/** Each order to its end, with its money. */
async function everyEnd(scene: Scene): Promise<void> {
  const paid = await place(scene)
  const declined = await place(scene, { paymentMethod: 'card-declined' })
  expect(await reaches(scene, declined, 'rejected')).toMatchObject({ version: 2 })
  const completed = await reaches(scene, paid, 'completed')
  expect(completed).toMatchObject({ version: 3, totalMinor: 9_800 })
  await paymentReaches(scene, paid, 'captured')
  expect(await operationsOf(scene, paid)).toEqual(['authorised', 'captured'])
  expect(await cancel(scene, paid, `late-${paid}`)).toBe(409)
}

/** One whose customer was faster than the worker that was asking the provider. */
async function cancelledMeanwhile(scene: Scene): Promise<void> {
  await setFaults(scene.stack, [{ kind: 'slow', every: 1, operation: 'authorise', delayMs: 1_500 }])
  const orderId = await place(scene)
  const isClaimed = async () => {
    const { rows } = await scene.shop.query(
      'select attempts from legacy.payments where order_id = $1',
      [orderId],
    )
    return rows[0]?.attempts === 1
  }
  await eventually(isClaimed, { timeoutMs: WAIT_MS, what: 'a worker to claim it', intervalMs: 20 })
  const key = `cancel-${orderId}`
  expect(await cancel(scene, orderId, key)).toBe(200)
  expect(await cancel(scene, orderId, key)).toBe(200)
  await paymentReaches(scene, orderId, 'voided')
  expect(await operationsOf(scene, orderId)).toEqual(['authorised', 'voided'])
  expect((await getOrder(scene.url, orderId)).body).toMatchObject({
    ...{ status: 'cancelled', version: 2, refundedMinor: 0 },
  })
}

/** The provider has moved the money, and nobody has heard of it. */
async function killedMeanwhile(scene: Scene): Promise<void> {
  await setFaults(scene.stack, [
    { kind: 'late-answer', every: 1, operation: 'authorise', delayMs: 1_500 },
  ])
  const orderId = await place(scene)
  const isMoved = async () => (await operationsOf(scene, orderId)).length === 1
  await eventually(isMoved, { timeoutMs: WAIT_MS, what: 'the provider to hold it', intervalMs: 20 })
  await scene.stack.kill('legacy')
  await expect(getOrder(scene.url, orderId)).rejects.toThrow()
  await setFaults(scene.stack, [])
  // As if the lease of the dead worker were over.
  await scene.shop.query('update legacy.payments set not_before = now() where order_id = $1', [
    orderId,
  ])
  await scene.stack.restart('legacy')
  await reaches(scene, orderId, 'completed')
  await paymentReaches(scene, orderId, 'captured')
  expect(await operationsOf(scene, orderId)).toEqual(['authorised', 'captured'])
}

test(
  'orders as rows end with their money where it belongs, also when their worker is killed',
  () =>
    withOwnStack(['legacy'], async (stack) => {
      const [shop, provider] = [adminPool(stack), adminPool(stack, 'provider')]
      const scene = { stack, url: stack.endpoints.legacyUrl, shop, provider }
      try {
        await everyEnd(scene)
        await cancelledMeanwhile(scene)
        await killedMeanwhile(scene)
      } finally {
        await shop.end()
        await provider.end()
      }
    }),
  TIMEOUT_MS,
)
