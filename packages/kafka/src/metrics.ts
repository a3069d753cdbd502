import { openCounter, openHistogram } from '@tenseams/telemetry/instruments'
import type { Registry } from 'prom-client'

/** Whose records are counted: each of these topics starts at zero. */
export type Reader = { readonly groupId: string; readonly topics: readonly string[] }

export function handledRecords(registry: Registry, { groupId, topics }: Reader) {
  const startsWith = topics.map((topic) => ({ topic, group: groupId }))
  return openCounter(registry, 'tenseams_consumed_records_total', startsWith)
}

/** Reasons are not a closed set; the one that any reader may meet starts at zero. */
export function deadLetteredRecords(registry: Registry, { groupId, topics }: Reader) {
  const startsWith = topics.map((topic) => ({ topic, group: groupId, reason: 'undecodable' }))
  return openCounter(registry, 'tenseams_dead_lettered_records_total', startsWith)
}

/** How long handlers take, by outcome. */
export function handlerDurations(registry: Registry) {
  return openHistogram(registry, 'tenseams_handler_duration_seconds')
}

export function transactionDurations(registry: Registry) {
  return openHistogram(registry, 'tenseams_transaction_duration_seconds')
}

/** Joins of the group, from zero. */
export function rebalances(registry: Registry, groupId: string) {
  return openCounter(registry, 'tenseams_consumer_rebalances_total', [{ group: groupId }])
}

export function transactionOutcomes(registry: Registry, { groupId, topics }: Reader) {
  const outcomes = ['committed', 'aborted', 'fenced'] as const
  const startsWith = topics.flatMap((topic) =>
    outcomes.map((outcome) => ({ topic, group: groupId, outcome })),
  )
  return openCounter(registry, 'tenseams_transactions_total', startsWith)
}
