/** An alert that fires, by its name and the labels that matter for whom it is left out. */
export type Firing = {
  readonly alertname: string
  readonly severity?: 'page' | 'ticket'
} & Readonly<Record<string, string>>

export type Fault = {
  readonly what: string
  /** Everything that fires while it lasts, as the rules say. */
  readonly firing: readonly Firing[]
  /** The pages that a person gets, by the names of the alerts. */
  readonly pages: readonly string[]
}

const lag = (...groups: readonly string[]) =>
  groups.map((group) => ({ alertname: 'ConsumerLagFastBurn', slo: 'consumer-lag', group }))

const notFresh: readonly Firing[] = ['orders_order_v1', 'payments_payment_v1'].map((name) => ({
  alertname: 'BronzeFreshFastBurn',
  slo: 'bronze-fresh',
  table: `bronze.${name}`,
}))

const jobs = ['revenue-per-minute', 'shopper-sessions']
const ofJobs = (alertname: string): readonly Firing[] =>
  jobs.map((job_name) => ({ alertname, job_name }))

/**
 * One fault makes two pages at most: what is noticed, and the cause that is nearest to the fault. Objectives that the same people notice are
 * one page.
 */
export const faults: readonly Fault[] = [
  {
    what: 'a dead service',
    firing: [
      { alertname: 'ServiceDown', part: 'payments', job: 'payments' },
      { alertname: 'ConsumerGroupEmpty', part: 'payments', group: 'payments' },
      { alertname: 'ConsumerGroupEmpty', part: 'payments', group: 'payments-shipments' },
      ...lag('payments', 'payments-shipments'),
      { alertname: 'OrderCompletedInTimeFastBurn', slo: 'order-completed-in-time' },
      {
        alertname: 'ConsumerLagSlowBurn',
        severity: 'ticket',
        slo: 'consumer-lag',
        group: 'payments',
      },
    ],
    pages: ['ConsumerLagFastBurn and OrderCompletedInTimeFastBurn', 'ServiceDown'],
  },
  {
    what: 'a record that a service cannot get past',
    firing: [{ alertname: 'PartitionStuck', part: 'orders', group: 'orders' }, ...lag('orders')],
    pages: ['ConsumerLagFastBurn', 'PartitionStuck'],
  },
  {
    what: 'a group that rebalances all the time',
    firing: [
      { alertname: 'RebalanceStorm', group: 'payments' },
      { alertname: 'RebalanceStormNoBaseline', group: 'payments' },
      { alertname: 'PartitionStuck', part: 'payments', group: 'payments' },
      ...lag('payments'),
    ],
    pages: ['ConsumerLagFastBurn', 'RebalanceStorm'],
  },
  {
    what: 'a producer that does not keep its contract',
    firing: [
      { alertname: 'UndecodableRecords', topic: 'orders.order.v1' },
      { alertname: 'FewDeadLettersFastBurn', slo: 'few-dead-letters', group: 'payments' },
      { alertname: 'DeadLettersGrow', severity: 'ticket', topic: 'orders.order.v1' },
    ],
    pages: ['FewDeadLettersFastBurn', 'UndecodableRecords'],
  },
  {
    what: 'a transaction that stays open',
    firing: [
      { alertname: 'TransactionOpenTooLong', topic: 'orders.order.v1', partition: '0' },
      { alertname: 'WatermarkStalled', job_name: 'revenue-per-minute' },
      ...notFresh,
    ],
    pages: ['TransactionOpenTooLong'],
  },
  {
    what: 'a connector that has failed',
    firing: [
      { alertname: 'ConnectorFailed', connector: 'outbox' },
      { alertname: 'ConnectorNotRunning', severity: 'ticket', connector: 'outbox' },
      { alertname: 'ReplicationSlotInactive', slot: 'outbox' },
      { alertname: 'CaptureSilent', connector: 'outbox' },
      ...ofJobs('WatermarkStalled'),
      ...notFresh,
    ],
    pages: ['ConnectorFailed'],
  },
  {
    what: 'Connect away for so long that the slot keeps much',
    firing: [
      { alertname: 'ReplicationSlotInactive', slot: 'outbox' },
      { alertname: 'ReplicationSlotRetainsWal', slot: 'outbox' },
      { alertname: 'CaptureSilent', connector: 'outbox' },
      ...ofJobs('WatermarkStalled'),
      ...notFresh,
    ],
    pages: ['ReplicationSlotInactive', 'ReplicationSlotRetainsWal'],
  },
  {
    what: 'Flink away',
    firing: [
      { alertname: 'ExporterSourceSilent', source: 'flink' },
      ...ofJobs('FlinkJobDown'),
      ...ofJobs('WatermarkStalled'),
      { alertname: 'FlinkLagFastBurn', slo: 'flink-lag', group: 'flink-shopper-sessions' },
    ],
    pages: ['ExporterSourceSilent', 'FlinkLagFastBurn'],
  },
  {
    what: 'a job that restarts again and again',
    firing: [
      ...ofJobs('FlinkRestartLoop'),
      ...ofJobs('FlinkCheckpointStale'),
      ...ofJobs('WatermarkStalled'),
      { alertname: 'FlinkLagFastBurn', slo: 'flink-lag', group: 'flink-shopper-sessions' },
    ],
    pages: ['FlinkLagFastBurn', 'FlinkRestartLoop'],
  },
  {
    what: 'a dead lakehouse',
    firing: [{ alertname: 'ServiceDown', part: 'lakehouse', job: 'lakehouse' }, ...notFresh],
    pages: ['BronzeFreshFastBurn', 'ServiceDown'],
  },
  {
    what: 'a dead auditor',
    firing: [
      { alertname: 'ServiceDown', part: 'auditor', job: 'auditor' },
      { alertname: 'AuditorSilent', part: 'auditor' },
      { alertname: 'AuditedFastBurn', slo: 'audited' },
    ],
    pages: ['ServiceDown'],
  },
  {
    what: 'Kafka away',
    firing: [
      { alertname: 'ExporterSourceSilent', source: 'kafka' },
      { alertname: 'ExporterSourceSilent', source: 'dead-letters' },
      { alertname: 'OrderCompletedInTimeFastBurn', slo: 'order-completed-in-time' },
      { alertname: 'ConnectorFailed', connector: 'outbox' },
      { alertname: 'CaptureSilent', connector: 'outbox' },
      { alertname: 'ReplicationSlotInactive', slot: 'outbox' },
      ...ofJobs('FlinkJobDown'),
      ...ofJobs('FlinkRestartLoop'),
      ...ofJobs('WatermarkStalled'),
      ...notFresh,
      { alertname: 'AuditorSilent', part: 'auditor' },
    ],
    pages: ['ExporterSourceSilent', 'OrderCompletedInTimeFastBurn'],
  },
  {
    what: 'Postgres away',
    firing: [
      { alertname: 'ExporterSourceSilent', source: 'postgres' },
      { alertname: 'OrderAcceptedFastBurn', slo: 'order-accepted' },
      { alertname: 'ConnectorFailed', connector: 'outbox' },
      { alertname: 'CaptureSilent', connector: 'outbox' },
      ...ofJobs('WatermarkStalled'),
      ...notFresh,
      { alertname: 'AuditorSilent', part: 'auditor' },
      { alertname: 'AuditedFastBurn', slo: 'audited' },
    ],
    pages: ['ExporterSourceSilent', 'OrderAcceptedFastBurn'],
  },
  {
    what: 'a dead exporter',
    firing: [{ alertname: 'ExporterDown' }, { alertname: 'ExporterSourceSilent', source: 'flink' }],
    pages: ['ExporterDown'],
  },
  {
    what: 'two services dead, of which each has a page, together',
    firing: [
      { alertname: 'ServiceDown', part: 'payments', job: 'payments' },
      { alertname: 'ServiceDown', part: 'fulfilment', job: 'fulfilment' },
      { alertname: 'ConsumerGroupEmpty', part: 'orders', group: 'orders' },
    ],
    pages: ['ConsumerGroupEmpty', 'ServiceDown'],
  },
]
