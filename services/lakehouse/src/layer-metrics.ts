import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Metrics of silver and gold, by table. */
export class LayerMetrics {
  readonly changes: Counter
  readonly refreshes: Counter
  readonly failures: Counter
  readonly quarantined: Counter
  readonly lastSuccess: Gauge
  readonly duration: Histogram

  constructor(registry: Registry) {
    const common = { labelNames: ['table'], registers: [registry] }
    this.changes = new Counter({
      name: 'tenseams_lakehouse_changes_total',
      help: 'Rows of bronze folded into a table of silver.',
      ...common,
    })
    this.refreshes = new Counter({
      name: 'tenseams_lakehouse_refreshes_total',
      help: 'Snapshots committed to a table of silver or gold.',
      ...common,
    })
    this.failures = new Counter({
      name: 'tenseams_lakehouse_refresh_failures_total',
      help: 'Refreshes that failed; the next round tries again.',
      ...common,
    })
    this.quarantined = new Counter({
      name: 'tenseams_lakehouse_quarantined_rows_total',
      help: 'Rows of bronze rejected by a gate; each is in silver.quarantine.',
      labelNames: ['table', 'reason'],
      registers: [registry],
    })
    this.lastSuccess = new Gauge({
      name: 'tenseams_lakehouse_refreshed_timestamp_seconds',
      help: 'When a table was last up to date with its sources.',
      ...common,
    })
    this.duration = new Histogram({
      name: 'tenseams_lakehouse_refresh_duration_seconds',
      help: 'Time to compare a table with its sources, including the refresh if there was something new.',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      ...common,
    })
  }
}
