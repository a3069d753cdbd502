import type { Dashboard, Row } from './dashboard.ts'
import { boundOf, burnAlerts } from './objectives.ts'
import { age, orZero, p99, rate } from './promql.ts'

const increased = (metric: string, by: string, window: string) =>
  orZero(`sum by (${by}) (increase(${metric}[${window}]))`)

const freshness: Row = {
  title: 'Freshness',
  panels: [
    {
      title: 'How old is the newest commit of each table of bronze?',
      unit: 's',
      queries: {
        '{{table}}': age(
          'max by (table) (tenseams_lake_last_commit_timestamp_seconds{table=~"bronze[.].*"})',
        ),
      },
      look: 'The promise is for tables whose topics have ticks, orders and payments; others rest while nothing happens.',
      bad: boundOf('bronze-fresh'),
      alerts: burnAlerts('bronze-fresh'),
    },
    {
      title: 'How long ago was each table of silver and gold up to date?',
      unit: 's',
      queries: {
        '{{table}}': age('max by (table) (tenseams_lakehouse_refreshed_timestamp_seconds)'),
      },
      look: 'Rises for one table: its refresh fails. For all: the lakehouse service is dead or waits for storage.',
      bad: boundOf('gold-fresh'),
      alerts: burnAlerts('gold-fresh'),
    },
    {
      title: 'How old is a row of bronze when it becomes visible, in 99 of 100 commits?',
      unit: 's',
      queries: { '{{table}}': p99('tenseams_lakehouse_freshness_seconds', ['table']) },
      look: 'From its event to its commit, by the oldest row of each commit.',
    },
    {
      title: 'How old is the newest commit of each other table?',
      unit: 's',
      queries: {
        '{{table}}': age(
          'max by (table) (tenseams_lake_last_commit_timestamp_seconds{table!~"bronze[.].*"})',
        ),
      },
      look: 'A table that has nothing new gets no commit, so an old one is no trouble by itself.',
    },
  ],
}

const writing: Row = {
  title: 'Writing',
  panels: [
    {
      title: 'How many rows are committed to each table of bronze?',
      unit: 'cps',
      queries: { '{{table}}': `sum by (table) (${rate('tenseams_lakehouse_rows_total')})` },
      look: 'It should follow the topics’ rates.',
    },
    {
      title: 'How many rows has a commit?',
      unit: 'short',
      queries: {
        '{{table}}': `sum by (table) (${rate('tenseams_lakehouse_rows_total')}) / (sum by (table) (${rate('tenseams_lakehouse_commits_total')}) > 0)`,
      },
      look: 'Few rows a commit are small files, which maintenance has to compact.',
    },
    {
      title: 'How long does a commit take, in 99 of 100?',
      unit: 's',
      queries: { '{{table}}': p99('tenseams_lakehouse_commit_duration_seconds', ['table']) },
      look: 'All tables at once: storage or the catalogue is slow.',
    },
    {
      title: 'How much waits in memory between Kafka and bronze?',
      unit: 'bytes',
      queries: { 'all tables': 'max(tenseams_lakehouse_buffered_bytes)' },
      look: 'At 256 MiB it reads only as fast as it commits.',
      alerts: ['BronzeBufferFull'],
    },
    {
      title: 'How many rows wait for a commit?',
      unit: 'short',
      queries: { '{{table}}': 'max by (table) (tenseams_lakehouse_buffered_rows)' },
      look: 'One table that does not get back to 0: its commits fail.',
    },
    {
      title: 'How many rows are folded into each table of silver?',
      unit: 'cps',
      queries: { '{{table}}': `sum by (table) (${rate('tenseams_lakehouse_changes_total')})` },
      look: 'It comes in steps, one for each round.',
    },
    {
      title: 'How long does a refresh take, in 99 of 100?',
      unit: 's',
      queries: { '{{table}}': p99('tenseams_lakehouse_refresh_duration_seconds', ['table']) },
      look: 'The longest makes every round long, and so all tables old.',
    },
  ],
}

const trouble: Row = {
  title: 'What goes wrong',
  panels: [
    {
      title: 'How many commits met another writer in ten minutes?',
      unit: 'none',
      queries: {
        '{{table}}': increased('tenseams_lakehouse_commit_conflicts_total', 'table', '10m'),
      },
      look: 'A few are expected, from maintenance. Many: two writers have one table.',
      alerts: ['LakeCommitConflicts'],
    },
    {
      title: 'How often was a table opened again in ten minutes?',
      unit: 'none',
      queries: { '{{table}}': increased('tenseams_lakehouse_reopenings_total', 'table', '10m') },
      look: 'After each failed commit, with the offsets of the last good one.',
      alerts: ['LakeTableReopens'],
    },
    {
      title: 'How many refreshes of silver and gold failed in ten minutes?',
      unit: 'none',
      queries: {
        '{{table}}': increased('tenseams_lakehouse_refresh_failures_total', 'table', '10m'),
      },
      look: 'They are tried again in the next round.',
      alerts: ['LakeRefreshFails'],
    },
    {
      title: 'How many rows were put into quarantine in ten minutes?',
      unit: 'none',
      queries: {
        '{{table}}: {{reason}}': increased(
          ...(['tenseams_lakehouse_quarantined_rows_total', 'table, reason', '10m'] as const),
        ),
      },
      look: 'Events that can be decoded and are wrong; silver.quarantine has them with their reasons.',
      alerts: ['QuarantineGrows'],
    },
    {
      title: 'Which steps of maintenance failed in the last hour?',
      unit: 'none',
      queries: {
        '{{table}}: {{step}}': increased(
          ...(['tenseams_lakehouse_maintenance_failures_total', 'table, step', '1h'] as const),
        ),
      },
      look: 'A table whose maintenance fails grows, and its readers get slower.',
      alerts: ['LakeMaintenanceFails'],
    },
  ],
}

const tables: Row = {
  title: 'Tables and their maintenance',
  panels: [
    {
      title: 'How many data files has each table?',
      unit: 'short',
      queries: { '{{table}}': 'max by (table) (tenseams_lake_data_files)' },
      look: 'A saw: compaction makes few out of many.',
      alerts: ['LakeSmallFiles'],
    },
    {
      title: 'How large is a data file of each table?',
      unit: 'bytes',
      queries: {
        '{{table}}':
          'max by (table) (tenseams_lake_data_bytes) / (max by (table) (tenseams_lake_data_files) > 0)',
      },
      look: 'Small files are slow to read. With many of them, below 16 MB, it is an alert.',
    },
    {
      title: 'How large is each table?',
      unit: 'bytes',
      queries: { '{{table}}': 'max by (table) (tenseams_lake_data_bytes)' },
      look: 'Only the newest snapshot; older ones keep further files until they expire.',
    },
    {
      title: 'How many snapshots has each table?',
      unit: 'short',
      queries: { '{{table}}': 'max by (table) (tenseams_lake_snapshots)' },
      look: 'It levels off where as many expire as are made.',
    },
    {
      title: 'How much is compacted?',
      unit: 'Bps',
      queries: {
        '{{table}}': orZero(`sum by (table) (${rate('tenseams_lakehouse_compacted_bytes_total')})`),
      },
      look: '0 for hours while the number of files rises: maintenance does not run.',
    },
    {
      title: 'How many snapshots expired in the last hour?',
      unit: 'none',
      queries: {
        '{{table}}': increased('tenseams_lakehouse_expired_snapshots_total', 'table', '1h'),
      },
      look: 'None at all for long: the tables keep every file for ever.',
    },
    {
      title: 'How many orphans were removed in the last hour?',
      unit: 'none',
      queries: {
        '{{table}}': increased('tenseams_lakehouse_orphans_removed_total', 'table', '1h'),
      },
      look: 'Files of commits that were not made, as a crash leaves them.',
    },
  ],
}

export const lake: Dashboard = {
  uid: 'tenseams-lake',
  title: 'The lake',
  says: 'How old what analysts read is, and whether the tables stay readable.',
  rows: [freshness, writing, trouble, tables],
}
