import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { type ReadRecord, readTopics } from '../../../support/kafka.ts'
import { committedOffsets, untilBeyond } from './offsets.ts'
import { lastOffsets } from './repeats.ts'
import { completed, type Scene, topics } from './scene.ts'

const reading = { groupId: 'orders-shipments', topic: topics.shipments } as const
const BURST = 60
const ATTEMPTS = 10

/**
 * Orders is killed after shipments have had their effect and before their offsets are committed, so they are redelivered.
 * Fulfilment is paused before, so that shipments come in a burst. A kill that did not hit such a moment is repeated.
 */
export async function killBeforeTheOffset(scene: Scene): Promise<void> {
  const { stack, journal } = scene
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const redelivered = await killInBurst(scene)
    await stack.restart('orders')
    journal.note('orders was killed', { redelivered: redelivered.length })
    if (redelivered.length === 0) continue
    return untilBeyond(stack, reading, lastOffsets(redelivered))
  }
  throw new Error(`none of ${ATTEMPTS} kills came between an effect and its offset`)
}

/** @returns the shipments with an effect whose offsets were not committed. */
async function killInBurst({ stack, shop }: Scene): Promise<readonly ReadRecord[]> {
  stack.pause('fulfilment')
  const waiting = async () => {
    const { rows } = await shop.query<{ n: string }>(
      `select (select count(*) from orders.events where type = 'OrderConfirmed') -
              (select count(*) from orders.events where type = 'OrderCompleted') as n`,
    )
    return Number(rows[0]?.n) >= BURST
  }
  await eventually(waiting, { timeoutMs: 60_000, what: 'orders to wait for their shipment' })
  const before = await completed(shop)
  stack.resume('fulfilment')
  const hasBegun = async () => (await completed(shop)) > before
  await eventually(hasBegun, { timeoutMs: 60_000, what: 'the burst', intervalMs: 5 })
  await stack.kill('orders')
  const committed = await committedOffsets(stack, reading.groupId, reading.topic)
  const effects = await shipmentsWithEffect(stack, shop)
  return effects.filter(
    ({ partition, offset }) => BigInt(offset) >= (committed.get(partition) ?? 0n),
  )
}

/** The shipment records of all completed orders. */
async function shipmentsWithEffect(stack: Stack, shop: pg.Pool): Promise<readonly ReadRecord[]> {
  const { rows } = await shop.query<{ id: string }>(
    `select stream_id as id from orders.events where type = 'OrderCompleted'`,
  )
  const reader = await readTopics(stack.endpoints.kafkaBrokers, [reading.topic])
  try {
    const ours = () => {
      const shipments = new Map(reader.records.map((record) => [record.key, record]))
      const found = rows.flatMap(({ id }) => shipments.get(id) ?? [])
      return found.length === rows.length ? found : undefined
    }
    return await eventually(ours, { timeoutMs: 60_000, what: 'the shipments to be read' })
  } finally {
    await reader.close()
  }
}
