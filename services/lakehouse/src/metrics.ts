import {
  type CounterOf,
  type GaugeOf,
  type HistogramOf,
  openCounter,
  openGauge,
  openHistogram,
} from '@tenseams/telemetry/instruments'
import type { Registry } from 'prom-client'

/** Metrics of the lakehouse service, by table. */
export class LakehouseMetrics {
  /** For what other rooms count in it. */
  readonly registry: Registry
  readonly rows: CounterOf<'tenseams_lakehouse_rows_total'>
  readonly commits: CounterOf<'tenseams_lakehouse_commits_total'>
  readonly conflicts: CounterOf<'tenseams_lakehouse_commit_conflicts_total'>
  readonly reopenings: CounterOf<'tenseams_lakehouse_reopenings_total'>
  readonly deadLettered: CounterOf<'tenseams_dead_lettered_records_total'>
  readonly bufferedRows: GaugeOf<'tenseams_lakehouse_buffered_rows'>
  readonly bufferedBytes: GaugeOf<'tenseams_lakehouse_buffered_bytes'>
  readonly commitDuration: HistogramOf<'tenseams_lakehouse_commit_duration_seconds'>
  readonly freshness: HistogramOf<'tenseams_lakehouse_freshness_seconds'>
  readonly compactedBytes: CounterOf<'tenseams_lakehouse_compacted_bytes_total'>
  readonly expiredSnapshots: CounterOf<'tenseams_lakehouse_expired_snapshots_total'>
  readonly orphansRemoved: CounterOf<'tenseams_lakehouse_orphans_removed_total'>
  readonly maintenanceFailures: CounterOf<'tenseams_lakehouse_maintenance_failures_total'>

  constructor(registry: Registry) {
    this.registry = registry
    this.rows = openCounter(registry, 'tenseams_lakehouse_rows_total')
    this.commits = openCounter(registry, 'tenseams_lakehouse_commits_total')
    this.conflicts = openCounter(registry, 'tenseams_lakehouse_commit_conflicts_total')
    this.reopenings = openCounter(registry, 'tenseams_lakehouse_reopenings_total')
    this.deadLettered = openCounter(registry, 'tenseams_dead_lettered_records_total')
    this.bufferedRows = openGauge(registry, 'tenseams_lakehouse_buffered_rows')
    this.bufferedBytes = openGauge(registry, 'tenseams_lakehouse_buffered_bytes')
    this.commitDuration = openHistogram(registry, 'tenseams_lakehouse_commit_duration_seconds')
    this.freshness = openHistogram(registry, 'tenseams_lakehouse_freshness_seconds')
    this.compactedBytes = openCounter(registry, 'tenseams_lakehouse_compacted_bytes_total')
    this.expiredSnapshots = openCounter(registry, 'tenseams_lakehouse_expired_snapshots_total')
    this.orphansRemoved = openCounter(registry, 'tenseams_lakehouse_orphans_removed_total')
    this.maintenanceFailures = openCounter(
      registry,
      'tenseams_lakehouse_maintenance_failures_total',
    )
  }
}
