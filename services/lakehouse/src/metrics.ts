import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Metrics of the lakehouse service, by table. */
export class LakehouseMetrics {
  readonly rows: Counter
  readonly commits: Counter
  readonly conflicts: Counter
  readonly reopenings: Counter
  readonly deadLettered: Counter
  readonly bufferedRows: Gauge
  readonly bufferedBytes: Gauge
  readonly commitDuration: Histogram
  readonly freshness: Histogram
  readonly compactedBytes: Counter
  readonly expiredSnapshots: Counter
  readonly orphansRemoved: Counter
  readonly maintenanceFailures: Counter

  constructor(registry: Registry) {
    const common = { labelNames: ['table'], registers: [registry] }
    this.rows = new Counter({
      name: 'tenseams_lakehouse_rows_total',
      help: 'Rows committed to a table.',
      ...common,
    })
    this.commits = new Counter({
      name: 'tenseams_lakehouse_commits_total',
      help: 'Snapshots committed to a table.',
      ...common,
    })
    this.conflicts = new Counter({
      name: 'tenseams_lakehouse_commit_conflicts_total',
      help: 'Commits that the catalogue refused because another writer was first.',
      ...common,
    })
    this.reopenings = new Counter({
      name: 'tenseams_lakehouse_reopenings_total',
      help: 'Times that a table was loaded again and its partitions were sought.',
      ...common,
    })
    this.deadLettered = new Counter({
      name: 'tenseams_dead_lettered_records_total',
      help: 'Records written to a dead letter topic.',
      labelNames: ['topic', 'group', 'reason'],
      registers: [registry],
    })
    this.bufferedRows = new Gauge({
      name: 'tenseams_lakehouse_buffered_rows',
      help: 'Rows read and not yet committed.',
      ...common,
    })
    this.bufferedBytes = new Gauge({
      name: 'tenseams_lakehouse_buffered_bytes',
      help: 'Estimated memory of all tables between Kafka and Iceberg.',
      registers: [registry],
    })
    this.commitDuration = new Histogram({
      name: 'tenseams_lakehouse_commit_duration_seconds',
      help: 'Time of an append, from the first row written to the answer of the catalogue.',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      ...common,
    })
    this.freshness = new Histogram({
      name: 'tenseams_lakehouse_freshness_seconds',
      help: 'Age of the oldest row of a commit when the commit is visible.',
      buckets: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 300],
      ...common,
    })
    this.compactedBytes = new Counter({
      name: 'tenseams_lakehouse_compacted_bytes_total',
      help: 'Size of the small files that were compacted.',
      ...common,
    })
    this.expiredSnapshots = new Counter({
      name: 'tenseams_lakehouse_expired_snapshots_total',
      help: 'Old snapshots that were expired.',
      ...common,
    })
    this.orphansRemoved = new Counter({
      name: 'tenseams_lakehouse_orphans_removed_total',
      help: 'Files removed because nothing refers to them.',
      ...common,
    })
    this.maintenanceFailures = new Counter({
      name: 'tenseams_lakehouse_maintenance_failures_total',
      help: 'Maintenance steps that failed: compact, expire, orphans, or list for all tables.',
      labelNames: ['table', 'step'],
      registers: [registry],
    })
  }
}
