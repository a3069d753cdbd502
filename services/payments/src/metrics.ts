import { openCounter } from '@tenseams/telemetry/instruments'
import { repairKinds } from './domain/reconciliation.ts'

type Registry = Parameters<typeof openCounter>[0]

export function reconciledPayments(registry: Registry) {
  const startsWith = repairKinds.map((kind) => ({ kind }))
  return openCounter(registry, 'tenseams_reconciled_payments_total', startsWith)
}
