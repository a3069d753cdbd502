import { ensureTopics } from '@tenseams/contracts/publish/publish'
import type { KafkaAccess } from '@tenseams/kafka/client'

/** The captured tables whose changes have consumers, each with its topic `cdc.shop.<schema>.<table>`. */
export const rawTables = ['catalogue.customers', 'catalogue.products'] as const

/** A table with a topic of raw changes. */
export type RawTable = (typeof rawTables)[number]

/** The topic of a table's changes, with the `topic.prefix` of cdc.json. */
export const rawTopicOf = (table: RawTable): string => `cdc.shop.${table}`

/** The topic of notifications about snapshots. One partition, since they are ordered but have no common key. */
export const notificationTopic = 'cdc.shop.notifications'

/**
 * Creates the topics of raw changes, each with a dead letter topic. Connect would create a topic with the first row of its
 * table, too late for consumers that subscribe before, and with the broker's retention, which would delete the rows that
 * have not changed for long.
 */
export function ensureRawTopics(
  options: KafkaAccess & { readonly timeoutMs: number },
): Promise<void> {
  const configs = { 'retention.ms': '-1', 'cleanup.policy': 'delete' }
  const wanted = rawTables.map(rawTopicOf).flatMap((name) => [
    { name, partitions: 4, configs },
    { name: `${name}.dead-letter`, partitions: 1, configs },
  ])
  return ensureTopics([...wanted, { name: notificationTopic, partitions: 1, configs }], options)
}
