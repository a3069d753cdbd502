import { openCounter } from '@tenseams/telemetry/counter'
import { repairKinds } from './domain/reconciliation.ts'

type Registry = Parameters<typeof openCounter>[0]

export function reconciledPayments(registry: Registry) {
  return openCounter(registry, {
    name: 'tenseams_reconciled_payments_total',
    help: 'Differences between the provider’s books and ours that were found, by kind.',
    labelNames: ['kind'],
    startsWith: repairKinds.map((kind) => ({ kind })),
  })
}
