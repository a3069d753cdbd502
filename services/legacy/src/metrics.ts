import { openCounter } from '@tenseams/telemetry/instruments'
import { readAtScrape } from '@tenseams/telemetry/readings'
import type { DueState } from './payment-table.ts'

type Registry = Parameters<typeof openCounter>[0]

export type WorkerMetrics = {
  readonly polled: (worker: 'payments' | 'warehouse', found: number) => void
  readonly moved: (state: DueState, outcome: 'done' | 'failed') => void
}

const moveOf = {
  'authorise-due': 'authorise',
  'capture-due': 'capture',
  'return-due': 'return',
} as const satisfies Record<DueState, string>

export function workerMetrics(registry: Registry): WorkerMetrics {
  const polls = openCounter(registry, 'tenseams_legacy_polls_total')
  const moves = openCounter(registry, 'tenseams_legacy_payment_moves_total')
  return {
    polled: (worker, found) => polls.inc({ worker, found: found > 0 ? 'rows' : 'nothing' }),
    moved: (state, outcome) => moves.inc({ move: moveOf[state], outcome }),
  }
}

/** @param count does not throw: the whole scrape would fail. */
export function observeDue(registry: Registry, count: () => Promise<number>): void {
  readAtScrape(registry, 'tenseams_legacy_due_payments', async () => [[{}, await count()]])
}
