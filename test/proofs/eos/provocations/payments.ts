import { eventually } from '@tenseams/local/launcher/host/wait'
import { setFaults } from './provider.ts'
import type { Scene } from './scene.ts'

/** The provider is slow, so that a kill hits payments between the commit of an offset and its effect. */
export async function killInsideTheEffect({ stack, shop }: Scene): Promise<void> {
  await setFaults(stack, [{ kind: 'slow', every: 1, delayMs: 1_500 }])
  const waiting = async () => {
    const { rowCount } = await shop.query(
      `select from orders.events where type = 'OrderPlaced'
          and stream_id not in (select stream_id from payments.events) limit 1`,
    )
    return rowCount === 1
  }
  await eventually(waiting, { timeoutMs: 30_000, what: 'an order to wait for the provider' })
  await stack.kill('payments')
  await setFaults(stack, [])
  await stack.restart('payments')
}
