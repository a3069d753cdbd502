import { sharedCounter } from '@tenseams/kafka/metrics'
import { mendingKinds } from './domain/reconciliation.ts'

type Registry = Parameters<typeof sharedCounter>[0]

/** Each kind is there from the start, at 0: a counter that is born at 1 hides its first increase. */
export function reconciledPayments(registry: Registry) {
  const counter = sharedCounter(
    registry,
    'tenseams_reconciled_payments_total',
    'Differences between the provider’s books and ours that were found, by kind.',
    ['kind'],
  )
  for (const kind of mendingKinds) counter.inc({ kind }, 0)
  return counter
}
