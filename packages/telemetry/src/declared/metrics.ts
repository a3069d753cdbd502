// Generated from contracts/telemetry.yaml by `npm run contracts -- generate`. Do not edit.

export const metrics = {
  tenseams_http_request_duration_seconds: { type: 'histogram', help: 'Time from a request to its answer.', labelNames: ['method', 'route', 'status'], buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] },
  tenseams_order_completion_seconds: { type: 'histogram', help: 'Time from the placing of an order to its completion.', labelNames: [], buckets: [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300] },
  tenseams_consumed_records_total: { type: 'counter', help: 'Records whose effect is durable.', labelNames: ['topic', 'group'] },
  tenseams_handler_duration_seconds: { type: 'histogram', help: 'Time from the start of a record\'s handler to its outcome. It waits for a dependency, or it has failed by a bug of ours.', labelNames: ['topic', 'group', 'outcome'], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] },
  tenseams_dead_lettered_records_total: { type: 'counter', help: 'Records written to a dead letter topic.', labelNames: ['topic', 'group', 'reason'] },
  tenseams_transactions_total: { type: 'counter', help: 'Kafka transactions of consume, transform, produce. A fenced one was refused because a newer owner has the transactional id.', labelNames: ['topic', 'group', 'outcome'] },
  tenseams_transaction_duration_seconds: { type: 'histogram', help: 'Time from the beginning of a Kafka transaction of consume, transform, produce to its outcome.', labelNames: ['topic', 'group', 'outcome'], buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] },
  tenseams_consumer_rebalances_total: { type: 'counter', help: 'Times that this member has joined its group, so once for each rebalance.', labelNames: ['group'] },
  tenseams_queue_items: { type: 'gauge', help: 'Items that wait in a queue.', labelNames: ['queue'] },
  tenseams_queue_capacity_items: { type: 'gauge', help: 'Most items that a queue takes before it refuses or makes wait.', labelNames: ['queue'] },
  tenseams_pool_connections: { type: 'gauge', help: 'Connections of a pool to Postgres.', labelNames: ['pool', 'state'] },
  tenseams_pool_capacity_connections: { type: 'gauge', help: 'Most connections that a pool opens.', labelNames: ['pool'] },
  tenseams_pool_waiting_requests: { type: 'gauge', help: 'Requests that wait for a connection of a pool.', labelNames: ['pool'] },
  tenseams_reconciled_payments_total: { type: 'counter', help: 'Differences between the provider’s books and ours that were found, by kind.', labelNames: ['kind'] },
  tenseams_legacy_polls_total: { type: 'counter', help: 'Times that a worker has looked for something to do.', labelNames: ['worker', 'found'] },
  tenseams_legacy_payment_moves_total: { type: 'counter', help: 'Attempts to move the money of an order.', labelNames: ['move', 'outcome'] },
  tenseams_legacy_due_payments: { type: 'gauge', help: 'Payments that are to be authorised, captured or returned.', labelNames: [] },
  tenseams_captures_frozen: { type: 'gauge', help: '1 while captures are frozen: the money of what is sent stays held.', labelNames: [] },
  tenseams_ticks_total: { type: 'counter', help: 'Tick rows written, into partitions without an event.', labelNames: [] },
  tenseams_connector_restarts_total: { type: 'counter', help: 'Restarts of connectors of Kafka Connect that had failed.', labelNames: ['connector'] },
  tenseams_invariant_violations: { type: 'gauge', help: 'Violations of the invariant that the last audit found.', labelNames: ['invariant'] },
  tenseams_invariant_undecided: { type: 'gauge', help: '1 when the last audit could not judge the invariant, because a part that it needs did not answer.', labelNames: ['invariant'] },
  tenseams_last_audit_timestamp_seconds: { type: 'gauge', help: 'Time of the last audit.', labelNames: [] },
  tenseams_lakehouse_rows_total: { type: 'counter', help: 'Rows committed to a table.', labelNames: ['table'] },
  tenseams_lakehouse_commits_total: { type: 'counter', help: 'Snapshots committed to a table.', labelNames: ['table'] },
  tenseams_lakehouse_commit_conflicts_total: { type: 'counter', help: 'Commits that the catalogue refused because another writer was first.', labelNames: ['table'] },
  tenseams_lakehouse_reopenings_total: { type: 'counter', help: 'Times that a table was loaded again and its partitions were sought.', labelNames: ['table'] },
  tenseams_lakehouse_buffered_rows: { type: 'gauge', help: 'Rows read and not yet committed.', labelNames: ['table'] },
  tenseams_lakehouse_buffered_bytes: { type: 'gauge', help: 'Estimated memory of all tables between Kafka and Iceberg.', labelNames: [] },
  tenseams_lakehouse_commit_duration_seconds: { type: 'histogram', help: 'Time of an append, from the first row written to the answer of the catalogue.', labelNames: ['table'], buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  tenseams_lakehouse_freshness_seconds: { type: 'histogram', help: 'Age of the oldest row of a commit when the commit is visible.', labelNames: ['table'], buckets: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 300] },
  tenseams_lakehouse_compacted_bytes_total: { type: 'counter', help: 'Size of the small files that were compacted.', labelNames: ['table'] },
  tenseams_lakehouse_expired_snapshots_total: { type: 'counter', help: 'Old snapshots that were expired.', labelNames: ['table'] },
  tenseams_lakehouse_orphans_removed_total: { type: 'counter', help: 'Files removed because nothing refers to them.', labelNames: ['table'] },
  tenseams_lakehouse_maintenance_failures_total: { type: 'counter', help: 'Maintenance steps that failed: compact, expire, orphans, or list for all tables.', labelNames: ['table', 'step'] },
  tenseams_lakehouse_changes_total: { type: 'counter', help: 'Rows of bronze folded into a table of silver.', labelNames: ['table'] },
  tenseams_lakehouse_refreshes_total: { type: 'counter', help: 'Snapshots committed to a table of silver or gold.', labelNames: ['table'] },
  tenseams_lakehouse_refresh_failures_total: { type: 'counter', help: 'Refreshes that failed; the next round tries again.', labelNames: ['table'] },
  tenseams_lakehouse_quarantined_rows_total: { type: 'counter', help: 'Rows of bronze rejected by a gate; each is in silver.quarantine.', labelNames: ['table', 'reason'] },
  tenseams_lakehouse_refreshed_timestamp_seconds: { type: 'gauge', help: 'When a table was last up to date with its sources.', labelNames: ['table'] },
  tenseams_lakehouse_refresh_duration_seconds: { type: 'histogram', help: 'Time to compare a table with its sources, including the refresh if there was something new.', labelNames: ['table'], buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] },
  tenseams_consumer_lag_records: { type: 'gauge', help: 'Offsets between a group\'s committed offset and the last stable offset. Transaction markers count, too.', labelNames: ['group', 'topic', 'partition'] },
  tenseams_consumer_lag_seconds: { type: 'gauge', help: 'Age of the first record that a group has not committed; 0 when there is none.', labelNames: ['group', 'topic', 'partition'] },
  tenseams_consumer_committed_offset: { type: 'gauge', help: 'Offset up to which a group has committed.', labelNames: ['group', 'topic', 'partition'] },
  tenseams_consumer_group_state: { type: 'gauge', help: '1 for the state that the broker gives a group, 0 for the others.', labelNames: ['group', 'state'] },
  tenseams_consumer_group_members: { type: 'gauge', help: 'Members of a group.', labelNames: ['group'] },
  tenseams_kafka_high_watermark: { type: 'gauge', help: 'Offset up to which all in-sync replicas have a partition.', labelNames: ['topic', 'partition'] },
  tenseams_kafka_last_stable_offset: { type: 'gauge', help: 'Offset up to which readers of committed data see a partition.', labelNames: ['topic', 'partition'] },
  tenseams_dead_letters: { type: 'gauge', help: 'Records in the dead letter topic of a topic, by reason; those that retention has removed since the exporter\'s start are counted, too.', labelNames: ['topic', 'reason'] },
  tenseams_replication_slot_active: { type: 'gauge', help: '1 when somebody reads from the replication slot.', labelNames: ['slot'] },
  tenseams_replication_slot_retained_wal_bytes: { type: 'gauge', help: 'WAL that Postgres keeps for the slot.', labelNames: ['slot'] },
  tenseams_replication_slot_unconfirmed_wal_bytes: { type: 'gauge', help: 'WAL that the slot\'s reader has not confirmed.', labelNames: ['slot'] },
  tenseams_replication_slot_safe_wal_bytes: { type: 'gauge', help: 'WAL that can still be written before the slot is lost. Without a series when Postgres has no limit.', labelNames: ['slot'] },
  tenseams_replication_slot_wal_status: { type: 'gauge', help: '1 for the status that Postgres gives the slot\'s WAL, 0 for the others.', labelNames: ['slot', 'status'] },
  tenseams_connector_state: { type: 'gauge', help: '1 for the state that Kafka Connect gives a connector, 0 for the others; 0 for all while Connect does not answer.', labelNames: ['connector', 'state'] },
  tenseams_connector_tasks: { type: 'gauge', help: 'Tasks of a connector by state.', labelNames: ['connector', 'state'] },
  tenseams_capture_last_event_timestamp_seconds: { type: 'gauge', help: 'Time of the newest record that a connector has written, heartbeats included.', labelNames: ['connector'] },
  tenseams_flink_job_state: { type: 'gauge', help: '1 for the state that Flink gives the newest run of a job, 0 for the others.', labelNames: ['job_name', 'state'] },
  tenseams_flink_job_restarts: { type: 'gauge', help: 'Restarts of the newest run of a job.', labelNames: ['job_name'] },
  tenseams_flink_last_checkpoint_timestamp_seconds: { type: 'gauge', help: 'Time of the newest completed checkpoint of a job.', labelNames: ['job_name'] },
  tenseams_flink_failed_checkpoints: { type: 'gauge', help: 'Failed checkpoints of the newest run of a job.', labelNames: ['job_name'] },
  tenseams_flink_back_pressure_ratio: { type: 'gauge', help: 'Share of its time for which the most held back task of a job waits for the next one, 0 to 1.', labelNames: ['job_name'] },
  tenseams_flink_watermark_timestamp_seconds: { type: 'gauge', help: 'Smallest watermark of all subtasks of a job that read from a source. Without a series before the first watermark.', labelNames: ['job_name'] },
  tenseams_flink_watermark_subtask: { type: 'gauge', help: 'Number of the subtask with the smallest watermark.', labelNames: ['job_name'] },
  tenseams_lake_last_commit_timestamp_seconds: { type: 'gauge', help: 'Time of the newest snapshot of a table.', labelNames: ['table'] },
  tenseams_lake_snapshots: { type: 'gauge', help: 'Snapshots of a table.', labelNames: ['table'] },
  tenseams_lake_data_files: { type: 'gauge', help: 'Data files of the newest snapshot of a table.', labelNames: ['table'] },
  tenseams_lake_data_bytes: { type: 'gauge', help: 'Size of the data files of the newest snapshot of a table.', labelNames: ['table'] },
  tenseams_exporter_source_up: { type: 'gauge', help: '1 when the source answered the last question; its series are left out when it did not.', labelNames: ['source'] },
  tenseams_exporter_collect_duration_seconds: { type: 'gauge', help: 'Time that the last question to a source took.', labelNames: ['source'] },
} as const

/** The labels of each metric, with the values that they may have. */
export type MetricLabels = {
  readonly tenseams_http_request_duration_seconds: { readonly method: string; readonly route: string; readonly status: string }
  readonly tenseams_order_completion_seconds: Record<never, string>
  readonly tenseams_consumed_records_total: { readonly topic: string; readonly group: string }
  readonly tenseams_handler_duration_seconds: { readonly topic: string; readonly group: string; readonly outcome: 'done' | 'dead-letter' | 'wait' | 'failed' }
  readonly tenseams_dead_lettered_records_total: { readonly topic: string; readonly group: string; readonly reason: string }
  readonly tenseams_transactions_total: { readonly topic: string; readonly group: string; readonly outcome: 'committed' | 'aborted' | 'fenced' }
  readonly tenseams_transaction_duration_seconds: { readonly topic: string; readonly group: string; readonly outcome: 'committed' | 'aborted' | 'fenced' }
  readonly tenseams_consumer_rebalances_total: { readonly group: string }
  readonly tenseams_queue_items: { readonly queue: string }
  readonly tenseams_queue_capacity_items: { readonly queue: string }
  readonly tenseams_pool_connections: { readonly pool: string; readonly state: 'used' | 'idle' }
  readonly tenseams_pool_capacity_connections: { readonly pool: string }
  readonly tenseams_pool_waiting_requests: { readonly pool: string }
  readonly tenseams_reconciled_payments_total: { readonly kind: string }
  readonly tenseams_legacy_polls_total: { readonly worker: 'payments' | 'warehouse'; readonly found: 'rows' | 'nothing' }
  readonly tenseams_legacy_payment_moves_total: { readonly move: 'authorise' | 'capture' | 'return'; readonly outcome: 'done' | 'failed' }
  readonly tenseams_legacy_due_payments: Record<never, string>
  readonly tenseams_captures_frozen: Record<never, string>
  readonly tenseams_ticks_total: Record<never, string>
  readonly tenseams_connector_restarts_total: { readonly connector: string }
  readonly tenseams_invariant_violations: { readonly invariant: string }
  readonly tenseams_invariant_undecided: { readonly invariant: string }
  readonly tenseams_last_audit_timestamp_seconds: Record<never, string>
  readonly tenseams_lakehouse_rows_total: { readonly table: string }
  readonly tenseams_lakehouse_commits_total: { readonly table: string }
  readonly tenseams_lakehouse_commit_conflicts_total: { readonly table: string }
  readonly tenseams_lakehouse_reopenings_total: { readonly table: string }
  readonly tenseams_lakehouse_buffered_rows: { readonly table: string }
  readonly tenseams_lakehouse_buffered_bytes: Record<never, string>
  readonly tenseams_lakehouse_commit_duration_seconds: { readonly table: string }
  readonly tenseams_lakehouse_freshness_seconds: { readonly table: string }
  readonly tenseams_lakehouse_compacted_bytes_total: { readonly table: string }
  readonly tenseams_lakehouse_expired_snapshots_total: { readonly table: string }
  readonly tenseams_lakehouse_orphans_removed_total: { readonly table: string }
  readonly tenseams_lakehouse_maintenance_failures_total: { readonly table: string; readonly step: 'compact' | 'expire' | 'orphans' | 'list' }
  readonly tenseams_lakehouse_changes_total: { readonly table: string }
  readonly tenseams_lakehouse_refreshes_total: { readonly table: string }
  readonly tenseams_lakehouse_refresh_failures_total: { readonly table: string }
  readonly tenseams_lakehouse_quarantined_rows_total: { readonly table: string; readonly reason: string }
  readonly tenseams_lakehouse_refreshed_timestamp_seconds: { readonly table: string }
  readonly tenseams_lakehouse_refresh_duration_seconds: { readonly table: string }
  readonly tenseams_consumer_lag_records: { readonly group: string; readonly topic: string; readonly partition: string }
  readonly tenseams_consumer_lag_seconds: { readonly group: string; readonly topic: string; readonly partition: string }
  readonly tenseams_consumer_committed_offset: { readonly group: string; readonly topic: string; readonly partition: string }
  readonly tenseams_consumer_group_state: { readonly group: string; readonly state: 'stable' | 'empty' | 'dead' | 'preparing-rebalance' | 'completing-rebalance' | 'unknown' }
  readonly tenseams_consumer_group_members: { readonly group: string }
  readonly tenseams_kafka_high_watermark: { readonly topic: string; readonly partition: string }
  readonly tenseams_kafka_last_stable_offset: { readonly topic: string; readonly partition: string }
  readonly tenseams_dead_letters: { readonly topic: string; readonly reason: string }
  readonly tenseams_replication_slot_active: { readonly slot: string }
  readonly tenseams_replication_slot_retained_wal_bytes: { readonly slot: string }
  readonly tenseams_replication_slot_unconfirmed_wal_bytes: { readonly slot: string }
  readonly tenseams_replication_slot_safe_wal_bytes: { readonly slot: string }
  readonly tenseams_replication_slot_wal_status: { readonly slot: string; readonly status: 'reserved' | 'extended' | 'unreserved' | 'lost' }
  readonly tenseams_connector_state: { readonly connector: string; readonly state: 'running' | 'paused' | 'stopped' | 'failed' | 'unassigned' | 'restarting' }
  readonly tenseams_connector_tasks: { readonly connector: string; readonly state: 'running' | 'paused' | 'stopped' | 'failed' | 'unassigned' | 'restarting' }
  readonly tenseams_capture_last_event_timestamp_seconds: { readonly connector: string }
  readonly tenseams_flink_job_state: { readonly job_name: string; readonly state: 'running' | 'restarting' | 'failing' | 'failed' | 'finished' | 'other' }
  readonly tenseams_flink_job_restarts: { readonly job_name: string }
  readonly tenseams_flink_last_checkpoint_timestamp_seconds: { readonly job_name: string }
  readonly tenseams_flink_failed_checkpoints: { readonly job_name: string }
  readonly tenseams_flink_back_pressure_ratio: { readonly job_name: string }
  readonly tenseams_flink_watermark_timestamp_seconds: { readonly job_name: string }
  readonly tenseams_flink_watermark_subtask: { readonly job_name: string }
  readonly tenseams_lake_last_commit_timestamp_seconds: { readonly table: string }
  readonly tenseams_lake_snapshots: { readonly table: string }
  readonly tenseams_lake_data_files: { readonly table: string }
  readonly tenseams_lake_data_bytes: { readonly table: string }
  readonly tenseams_exporter_source_up: { readonly source: 'kafka' | 'dead-letters' | 'postgres' | 'flink' | 'lake' }
  readonly tenseams_exporter_collect_duration_seconds: { readonly source: 'kafka' | 'dead-letters' | 'postgres' | 'flink' | 'lake' }
}
