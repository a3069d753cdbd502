import { ensureTopics } from '@tenseams/contracts/publish/publish'

/** The captured tables whose rows others read, each with its topic `cdc.shop.<schema>.<table>`. */
export const rawTables = ['catalogue.customers', 'catalogue.products'] as const

/** A table of which raw changes are told. */
export type RawTable = (typeof rawTables)[number]

/** Where the changes of a table are: what `topic.prefix` in cdc.json makes of its name. */
export const rawTopicOf = (table: RawTable): string => `cdc.shop.${table}`

/** What the raw connector says of its snapshots. In one partition: most of it has no key in common, but an order. */
export const notificationTopic = 'cdc.shop.notifications'

/**
 * Makes the topics of raw changes. Connect would make each with the first row of its table, which is too late for who
 * subscribes before, and with the broker's retention, which would take rows away that have not changed since.
 * Each has a topic for its dead letters.
 */
export function ensureRawTopics(options: {
  readonly brokers: string
  readonly timeoutMs: number
}): Promise<void> {
  const configs = { 'retention.ms': '-1', 'cleanup.policy': 'delete' }
  const wanted = rawTables.map(rawTopicOf).flatMap((name) => [
    { name, partitions: 4, configs },
    { name: `${name}.dead-letter`, partitions: 1, configs },
  ])
  return ensureTopics([...wanted, { name: notificationTopic, partitions: 1, configs }], options)
}
