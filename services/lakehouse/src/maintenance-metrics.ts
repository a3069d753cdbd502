import { Counter, type Registry } from 'prom-client'

/** What the service tells about the care of its tables. */
export class MaintenanceMetrics {
  readonly compacted: Counter
  readonly expired: Counter
  readonly orphans: Counter
  readonly failures: Counter

  constructor(registry: Registry) {
    const common = { labelNames: ['table'], registers: [registry] }
    this.compacted = new Counter({
      name: 'tenseams_lakehouse_compacted_bytes_total',
      help: 'Bytes of small files that were put together.',
      ...common,
    })
    this.expired = new Counter({
      name: 'tenseams_lakehouse_expired_snapshots_total',
      help: 'Snapshots that maintenance let go.',
      ...common,
    })
    this.orphans = new Counter({
      name: 'tenseams_lakehouse_orphans_removed_total',
      help: 'Files removed because no snapshot refers to them.',
      ...common,
    })
    this.failures = new Counter({
      name: 'tenseams_lakehouse_maintenance_failures_total',
      help: 'Steps of maintenance that failed and are done in a later round.',
      labelNames: ['table', 'step'],
      registers: [registry],
    })
  }
}
