import type { Evidence } from '../evidence.ts'
import { type Catalogue, loadFiles, readTable } from './iceberg.ts'

/** Loads the revenue in closed windows and the late payments. @throws when Flink has not made the tables yet. */
export async function loadGold(evidence: Evidence, catalogue: Catalogue): Promise<void> {
  const [windows, late] = await Promise.all(
    ['revenue_per_minute', 'revenue_per_minute_late'].map((name) =>
      readTable(catalogue, 'gold', name),
    ),
  )
  if (windows === undefined || late === undefined) throw new Error('gold has no tables yet')
  await evidence.clear('gold')
  await loadFiles(
    evidence,
    'gold',
    `select 'window', currency, null, null, null, epoch_ms(window_end), delta_payments, delta_minor`,
    windows.files,
  )
  await loadFiles(
    evidence,
    'gold',
    `select 'late', currency, event_id, kafka_offset, epoch_ms(occurred_at), null, 1, amount_minor`,
    late.files,
  )
}
