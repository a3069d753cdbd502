import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { readTopics } from '../../../support/kafka.ts'
import { changeOutbox } from '../../outbox-connector.ts'
import { untilBeyond } from './offsets.ts'
import { lastOffsets, repeatsIn, untilRead } from './repeats.ts'
import { type Scene, topics } from './scene.ts'

const REPUBLISHED = 1_000
const TABLES = ['orders.events', 'payments.events', 'control.events'] as const

/**
 * The outbox is read again from its first row, as after a lost slot: its connector forgets its offsets and takes a
 * snapshot. At least 1 000 old events are delivered again, each at a new offset, and fulfilment sends their shipments again.
 */
export async function republish({ stack, shop, journal }: Scene): Promise<void> {
  const enough = async () => (await storedEvents(shop)) >= REPUBLISHED
  await eventually(enough, { timeoutMs: 180_000, what: `${REPUBLISHED} events to be stored` })
  const reader = await readTopics(stack.endpoints.kafkaBrokers, Object.values(topics))
  try {
    const repeatsOf = (names: readonly string[]) =>
      repeatsIn(reader.records.filter(({ topic }) => names.includes(topic)))
    const before = repeatsOf([topics.orders, topics.payments]).length
    await takeSnapshotAgain(stack)
    const repeats = await untilRead(() => repeatsOf([topics.orders, topics.payments]), {
      least: before + REPUBLISHED,
      what: 'old events to be delivered again',
    })
    const confirmations = repeats.filter(({ headers }) => headers.eventType === 'OrderConfirmed')
    const shipments = await untilRead(() => repeatsOf([topics.shipments]), {
      least: confirmations.length,
      what: 'their shipments to be delivered again',
    })
    journal.note('the outbox was read again', {
      events: repeats.length - before,
      shipments: shipments.length,
    })
    const group = { groupId: 'orders-shipments', topic: topics.shipments }
    await untilBeyond(stack, group, lastOffsets(shipments))
  } finally {
    await reader.close()
  }
}

async function storedEvents(shop: pg.Pool): Promise<number> {
  const { rows } = await shop.query<{ n: string }>(
    'select (select count(*) from orders.events) + (select count(*) from payments.events) as n',
  )
  return Number(rows[0]?.n)
}

/** Rows in the order of their positions: those written while the connector was stopped are delivered for the first time. */
async function takeSnapshotAgain(stack: Stack): Promise<void> {
  const selects = TABLES.map((table) => [
    `snapshot.select.statement.overrides.${table}`,
    `select * from ${table} order by position`,
  ])
  await changeOutbox(stack, {
    offsets: 'forget',
    settings: {
      'snapshot.mode': 'initial',
      'snapshot.select.statement.overrides': TABLES.join(','),
      ...Object.fromEntries(selects),
    },
  })
}
