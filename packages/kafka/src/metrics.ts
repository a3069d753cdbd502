import { openCounter } from '@tenseams/telemetry/counter'
import type { Counter, Registry } from 'prom-client'

/** Whose records are counted: each of these topics starts at zero. */
export type Reader = { readonly groupId: string; readonly topics: readonly string[] }

export function handledRecords(registry: Registry, { groupId, topics }: Reader): Counter {
  return openCounter(registry, {
    name: 'tenseams_consumed_records_total',
    help: 'Records whose effect is durable.',
    labelNames: ['topic', 'group'],
    startsWith: topics.map((topic) => ({ topic, group: groupId })),
  })
}

/** Reasons are not a closed set; the one that any reader may meet starts at zero. */
export function deadLetteredRecords(registry: Registry, { groupId, topics }: Reader): Counter {
  return openCounter(registry, {
    name: 'tenseams_dead_lettered_records_total',
    help: 'Records written to a dead letter topic.',
    labelNames: ['topic', 'group', 'reason'],
    startsWith: topics.map((topic) => ({ topic, group: groupId, reason: 'undecodable' })),
  })
}

export function transactionOutcomes(registry: Registry, { groupId, topics }: Reader): Counter {
  return openCounter(registry, {
    name: 'tenseams_transactions_total',
    help: 'Kafka transactions of consume, transform, produce. A fenced one was refused because a newer owner has the transactional id.',
    labelNames: ['topic', 'group', 'outcome'],
    startsWith: topics.flatMap((topic) =>
      ['committed', 'aborted', 'fenced'].map((outcome) => ({ topic, group: groupId, outcome })),
    ),
  })
}
