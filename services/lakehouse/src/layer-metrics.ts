import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What the service tells about silver and gold, each by table. */
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
      help: 'Rows of bronze that were folded into a table of silver.',
      ...common,
    })
    this.refreshes = new Counter({
      name: 'tenseams_lakehouse_refreshes_total',
      help: 'Snapshots by which a table of silver or gold was brought up to its sources.',
      ...common,
    })
    this.failures = new Counter({
      name: 'tenseams_lakehouse_refresh_failures_total',
      help: 'Refreshes that failed and are tried again in the next round.',
      ...common,
    })
    this.quarantined = new Counter({
      name: 'tenseams_lakehouse_quarantined_rows_total',
      help: 'Rows of bronze that a gate kept out of silver; each is in silver.quarantine.',
      labelNames: ['table', 'reason'],
      registers: [registry],
    })
    this.lastSuccess = new Gauge({
      name: 'tenseams_lakehouse_refreshed_timestamp_seconds',
      help: 'When a table was last found or brought up to its sources.',
      ...common,
    })
    this.duration = new Histogram({
      name: 'tenseams_lakehouse_refresh_duration_seconds',
      help: 'Time of a look at a table and its sources, with the refresh if there was something new.',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      ...common,
    })
  }
}
