import { setTimeout as delay } from 'node:timers/promises'
import { bronzeTableNameOf } from '@tenseams/contracts/topics'
import { eventTopics, SHIPMENTS } from '../checks/check.ts'
import type { Evidence } from '../evidence.ts'
import { currentName, logsIn, offsetsOf } from './bronze.ts'
import { type Catalogue, type IcebergTable, readProperties } from './iceberg.ts'

const OFFSETS = 'ten-seams.offsets'
const POLL_INTERVAL_MS = 200

/** What bronze must have passed, by topic-partition: the barrier, and what was read of topics that get no barrier. */
export async function dueOffsets(
  evidence: Evidence,
  barrier: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const ids = barrier.map((eventId) => `'${eventId}'`).join(', ')
  const rows = await evidence.query(
    `select topic || '-' || partition as topic_partition, max("offset") as due from records
      where fate = 'committed' and event_id is not null
        and (event_id in (${ids === '' ? 'null' : ids}) or topic = '${SHIPMENTS}') group by all`,
  )
  return new Map(rows.map((row) => [String(row.topic_partition), BigInt(String(row.due)) + 1n]))
}

/** Waits until bronze has passed the offsets. @throws when it has not in time. */
export async function awaitBronze(
  catalogue: Catalogue,
  due: ReadonlyMap<string, bigint>,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (const topic of eventTopics) {
    const ofTopic = [...due].filter(([name]) => name.startsWith(`${topic}-`))
    for (;;) {
      const next = await readNextOffsets(catalogue, topic)
      const behind = ofTopic.filter(([name, offset]) => (next.get(name) ?? 0n) < offset)
      if (behind.length === 0) break
      if (performance.now() > deadline) {
        const partitions = behind.map(([name, offset]) => `${name} before ${offset}`)
        throw new Error(`bronze is behind: ${partitions.join(', ')}`)
      }
      await delay(POLL_INTERVAL_MS)
    }
  }
}

/** The next offsets that a topic's table will take, by topic-partition such as `orders.order.v1-0`. */
async function readNextOffsets(
  catalogue: Catalogue,
  topic: string,
): Promise<ReadonlyMap<string, bigint>> {
  const name = bronzeTableNameOf(topic)
  const properties = await readProperties(catalogue, 'bronze', name)
  return nextOffsetsIn({ properties: properties ?? {} })
}

/** Those of the topic's newest log. */
export function nextOffsetsIn({
  properties,
}: Pick<IcebergTable, 'properties'>): ReadonlyMap<string, bigint> {
  const logs = logsIn({ properties })
  return new Map(
    Object.entries(offsetsOf(properties[OFFSETS])).flatMap(([key, offset]) => {
      const topicPartition = currentName(key, logs)
      return topicPartition === undefined ? [] : [[topicPartition, BigInt(offset)] as const]
    }),
  )
}
