import type { Dashboard, Row } from './dashboard.ts'
import { boundOf, burnAlerts } from './objectives.ts'
import { age, growth, orZero, p99, rate } from './promql.ts'

const groups: Row = {
  title: 'Groups',
  panels: [
    {
      title: 'How late is each group in each topic?',
      unit: 's',
      queries: { '{{group}} {{topic}}': 'max by (group, topic) (tenseams_consumer_lag_seconds)' },
      look: 'One topic of several: its handler is slow or waits. All topics of a group: the group is dead, or its service is.',
      bad: boundOf('consumer-lag'),
      alerts: [...burnAlerts('consumer-lag'), 'ConsumerGroupEmpty'],
    },
    {
      title: 'Which ten partitions are the latest?',
      unit: 's',
      queries: {
        '{{group}} {{topic}}/{{partition}}':
          'topk(10, max by (group, topic, partition) (tenseams_consumer_lag_seconds))',
      },
      look: 'One partition far above the others: a record in it is tried again and again, or one key has most of the records.',
      alerts: ['PartitionStuck'],
    },
    {
      title: 'How many records wait for each group?',
      unit: 'short',
      queries: { '{{group}} {{topic}}': 'sum by (group, topic) (tenseams_consumer_lag_records)' },
      look: 'A marker of a transaction counts, too, so this is not 0 at rest. How long records wait says more.',
    },
    {
      title: 'How fast does each group commit?',
      unit: 'cps',
      queries: { '{{group}}': `sum by (group) (${growth('tenseams_consumer_committed_offset')})` },
      look: 'Offsets a second. 0 with lag: it is stuck. Slower than its topics grow: it will never catch up.',
    },
    {
      title: 'How many members has each group?',
      unit: 'none',
      queries: { '{{group}}': 'max by (group) (tenseams_consumer_group_members)' },
      look: 'Groups of Flink have none, since a job takes its partitions itself.',
    },
    {
      title: 'In which state is each group?',
      unit: 'none',
      queries: {
        '{{group}}: {{state}}': 'max by (group, state) (tenseams_consumer_group_state) == 1',
      },
      look: 'A group that keeps going from stable to preparing-rebalance handles nothing in between.',
    },
    {
      title: 'How often did each group rebalance in ten minutes?',
      unit: 'none',
      queries: {
        '{{group}}': 'sum by (group) (increase(tenseams_consumer_rebalances_total[10m]))',
      },
      look: 'Each member counts once for a rebalance. A deployment makes a few; a storm makes them all the time.',
      alerts: ['RebalanceStorm', 'RebalanceStormNoBaseline'],
    },
  ],
}

const topics: Row = {
  title: 'Topics and transactions',
  panels: [
    {
      title: 'How many records does each topic get?',
      unit: 'cps',
      queries: { '{{topic}}': `sum by (topic) (${growth('tenseams_kafka_high_watermark')})` },
      look: 'The orders’ topic should follow the rate of placed orders; a topic of payments or shipments that falls behind it has a dead producer.',
    },
    {
      title: 'How many records wait behind open transactions?',
      unit: 'none',
      queries: {
        '{{topic}}':
          'sum by (topic) (tenseams_kafka_high_watermark - tenseams_kafka_last_stable_offset)',
      },
      look: 'High watermark minus last stable offset. It falls to 0 again and again; where it does not, a transaction stays open and every reader of committed data waits behind it.',
      alerts: ['TransactionOpenTooLong'],
    },
    {
      title: 'How do transactions of fulfilment end?',
      unit: 'cps',
      queries: {
        '{{topic}} {{outcome}}': `sum by (topic, outcome) (${rate('tenseams_transactions_total')})`,
      },
      look: 'Fenced: a former owner of a partition was away for longer than its session. Aborted ones are done again.',
      alerts: ['TransactionsAborted', 'OwnerFenced'],
    },
    {
      title: 'How long does a transaction take, in 99 of 100?',
      unit: 's',
      queries: {
        '{{topic}} {{outcome}}': p99('tenseams_transaction_duration_seconds', ['topic', 'outcome']),
      },
      look: 'Readers of committed data wait for so long at least. A slow broker shows here first.',
    },
    {
      title: 'How many dead letters are there?',
      unit: 'none',
      queries: {
        '{{topic}}: {{reason}}': orZero('sum by (topic, reason) (tenseams_dead_letters)'),
      },
      look: 'Seen in Kafka by the exporter, so also when the one who wrote them is dead. A step up is new trouble: npm run dlq -- show <topic>.',
      alerts: ['DeadLettersGrow'],
    },
  ],
}

const capture: Row = {
  title: 'From Postgres to Kafka',
  panels: [
    {
      title: 'How long has each connector written nothing?',
      unit: 's',
      queries: {
        '{{connector}}': age('max by (connector) (tenseams_capture_last_event_timestamp_seconds)'),
      },
      look: 'Heartbeats count, so it stays below some seconds also at rest.',
      alerts: ['CaptureSilent'],
    },
    {
      title: 'In which state is each connector?',
      unit: 'none',
      queries: {
        '{{connector}}: {{state}}': 'max by (connector, state) (tenseams_connector_state) == 1',
      },
      look: 'Paused or stopped ones were left so by somebody; Postgres keeps their WAL meanwhile.',
      alerts: ['ConnectorNotRunning'],
    },
    {
      title: 'How many tasks of each connector have failed?',
      unit: 'none',
      queries: { '{{connector}}': 'sum by (connector) (tenseams_connector_tasks{state="failed"})' },
      look: 'pulse restarts what has failed; npm run cdc -- status says why it failed.',
      alerts: ['ConnectorFailed'],
    },
    {
      title: 'How often was a connector restarted in half an hour?',
      unit: 'none',
      queries: {
        '{{connector}}': orZero(
          'sum by (connector) (increase(tenseams_connector_restarts_total[30m]))',
        ),
      },
      look: 'Again and again: the cause is not a passing one.',
      alerts: ['ConnectorRestartLoop'],
    },
    {
      title: 'How much WAL does Postgres keep for each slot?',
      unit: 'bytes',
      queries: {
        '{{slot}} kept': 'max by (slot) (tenseams_replication_slot_retained_wal_bytes)',
        '{{slot}} not confirmed': 'max by (slot) (tenseams_replication_slot_unconfirmed_wal_bytes)',
      },
      look: 'It falls with each confirmation. A straight line upwards: nobody reads, or a long transaction holds it.',
      alerts: ['ReplicationSlotRetainsWal'],
    },
    {
      title: 'How much WAL may still be written before a slot is lost?',
      unit: 'bytes',
      queries: { '{{slot}}': 'min by (slot) (tenseams_replication_slot_safe_wal_bytes)' },
      look: 'At 0 Postgres gives the slot up, and events are missing in Kafka until they are captured anew.',
      alerts: ['ReplicationSlotNearLoss'],
    },
    {
      title: 'Does somebody read from each slot?',
      unit: 'none',
      queries: { '{{slot}}': 'max by (slot) (tenseams_replication_slot_active)' },
      look: '0 while its connector is away.',
      bad: { below: 1 },
      alerts: ['ReplicationSlotInactive'],
    },
  ],
}

export const kafkaAndGroups: Dashboard = {
  uid: 'tenseams-kafka',
  title: 'Kafka and groups',
  says: 'Where records wait: in Postgres’ WAL, in a topic, behind a transaction, or in front of a group.',
  rows: [groups, topics, capture],
}
