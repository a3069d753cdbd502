import { eventually } from '@tenseams/local/launcher/host/wait'
import { expect, test } from 'vitest'
import { getOrder, orderBody, postOrder } from '../support/shop.ts'
import { useStack } from '../support/stack.ts'

test('a service whose process dies by itself is started again, visibly, and goes on', async () => {
  const stack = await useStack()
  const fulfilment = async () => {
    const found = (await stack.status()).find(({ name }) => name === 'fulfilment')
    if (found === undefined) throw new Error('there is no fulfilment')
    return found
  }
  const before = await fulfilment()
  // As the kernel ends a process that has taken all memory: the launcher is told nothing.
  process.kill(before.pid ?? 0, 'SIGKILL')
  const after = await eventually(
    async () => {
      const now = await fulfilment()
      return now.pid !== before.pid && now.state === 'ready' && now.healthy === true && now
    },
    { timeoutMs: 60_000, what: 'fulfilment to run again' },
  )
  expect(after.restarts).toMatch(/in 30 min, last \d+ s ago$/)

  const { ordersUrl } = stack.endpoints
  const { body } = await postOrder(ordersUrl, orderBody())
  const isCompleted = async () =>
    (await getOrder(ordersUrl, String(body.orderId))).body.status === 'completed'
  await eventually(isCompleted, { timeoutMs: 60_000, what: 'the order to be completed' })
})
