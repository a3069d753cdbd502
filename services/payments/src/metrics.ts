import { withTimeout } from '@tenseams/service/timeout'
import { openCounter } from '@tenseams/telemetry/instruments'
import { readAtScrape } from '@tenseams/telemetry/readings'
import { repairKinds } from './domain/reconciliation.ts'

type Registry = Parameters<typeof openCounter>[0]

export function reconciledPayments(registry: Registry) {
  const startsWith = repairKinds.map((kind) => ({ kind }))
  return openCounter(registry, 'tenseams_reconciled_payments_total', startsWith)
}

/** A scrape must not wait for Postgres as long as a statement may. */
const LONGEST_READ_MS = 1_000

/** Read at each scrape, so that an instance knows of a freeze, and says so in its log, also while nothing is captured. */
export function frozenCaptures(
  registry: Registry,
  captures: { read(): Promise<unknown>; readonly isKnownFrozen: boolean },
): void {
  readAtScrape(registry, 'tenseams_captures_frozen', async () => {
    // Without an answer the last one is shown: whoever asks for metrics learns of the outage elsewhere.
    await withTimeout(captures.read(), LONGEST_READ_MS).catch(() => undefined)
    return [[{}, captures.isKnownFrozen ? 1 : 0]]
  })
}
