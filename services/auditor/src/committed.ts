import type { Admin } from '@platformatic/kafka'
import type { Evidence } from './evidence.ts'

const KAFKA_GROUPS = ['payments', 'payments-shipments', 'orders', 'orders-shipments', 'fulfilment']

/**
 * Loads how far each group has committed. Read first: a record whose offset is committed must have had its effect by the time
 * the stores are read.
 */
export async function loadCommitted(admin: Admin, evidence: Evidence): Promise<void> {
  const groups = await admin.listConsumerGroupOffsets({ groups: KAFKA_GROUPS })
  const rows = groups.flatMap(({ groupId, topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex, committedOffset }) => ({
          group_id: groupId,
          topic: name,
          partition: BigInt(partitionIndex),
          next_offset: committedOffset,
        })),
    ),
  )
  await evidence.load('committed', rows)
}
