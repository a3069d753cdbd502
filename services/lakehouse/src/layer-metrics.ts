import {
  type CounterOf,
  type GaugeOf,
  type HistogramOf,
  openCounter,
  openGauge,
  openHistogram,
} from '@tenseams/telemetry/instruments'
import type { Registry } from 'prom-client'

/** What can fail beside a table of silver: all of its rejected rows, all of gold, and gold's corrections. */
const otherWork = ['silver.quarantine', 'gold', 'gold.revenue_corrections']

/** Metrics of silver and gold, by table. */
export class LayerMetrics {
  readonly changes: CounterOf<'tenseams_lakehouse_changes_total'>
  readonly refreshes: CounterOf<'tenseams_lakehouse_refreshes_total'>
  readonly failures: CounterOf<'tenseams_lakehouse_refresh_failures_total'>
  readonly quarantined: CounterOf<'tenseams_lakehouse_quarantined_rows_total'>
  readonly lastSuccess: GaugeOf<'tenseams_lakehouse_refreshed_timestamp_seconds'>
  readonly duration: HistogramOf<'tenseams_lakehouse_refresh_duration_seconds'>

  /** @param silver the names of its tables, so that a first failure is an increase. */
  constructor(registry: Registry, silver: readonly string[]) {
    const tables = [...silver, ...otherWork].map((table) => ({ table }))
    this.changes = openCounter(registry, 'tenseams_lakehouse_changes_total')
    this.refreshes = openCounter(registry, 'tenseams_lakehouse_refreshes_total')
    this.failures = openCounter(registry, 'tenseams_lakehouse_refresh_failures_total', tables)
    this.quarantined = openCounter(registry, 'tenseams_lakehouse_quarantined_rows_total')
    this.lastSuccess = openGauge(registry, 'tenseams_lakehouse_refreshed_timestamp_seconds')
    this.duration = openHistogram(registry, 'tenseams_lakehouse_refresh_duration_seconds')
  }
}
