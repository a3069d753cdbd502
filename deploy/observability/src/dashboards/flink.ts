import type { Dashboard, Row } from './dashboard.ts'
import { boundOf, burnAlerts } from './objectives.ts'
import { age, growth, orZero, rate } from './promql.ts'

const jobs: Row = {
  title: 'Jobs',
  panels: [
    {
      title: 'In which state is each job?',
      unit: 'none',
      queries: {
        '{{job_name}}: {{state}}': 'max by (job_name, state) (tenseams_flink_job_state) == 1',
      },
      look: 'Anything but running: its windows do not close. Asked by the exporter, so it is here also when Flink is away.',
      alerts: ['FlinkJobDown'],
    },
    {
      title: 'How often has each job restarted?',
      unit: 'none',
      queries: { '{{job_name}}': 'max by (job_name) (tenseams_flink_job_restarts)' },
      look: 'Since it was submitted. Steps that follow each other: the same record or the same sink fails each time.',
      alerts: ['FlinkRestartLoop'],
    },
    {
      title: 'For how long has each job run without a break?',
      unit: 'ms',
      queries: { '{{job_name}}': 'max by (job_name) (flink_jobmanager_job_uptime)' },
      look: 'Shorter than the interval of checkpoints: it never gets to complete one.',
    },
    {
      title: 'How late is each job in its topics?',
      unit: 's',
      queries: { '{{group}}': 'max by (group) (tenseams_consumer_lag_seconds{group=~"flink-.*"})' },
      look: 'Flink commits with its checkpoints, so a saw of their interval is expected.',
      bad: boundOf('flink-lag'),
      alerts: burnAlerts('flink-lag'),
    },
  ],
}

const checkpoints: Row = {
  title: 'Checkpoints',
  panels: [
    {
      title: 'How old is the last checkpoint of each job?',
      unit: 's',
      queries: {
        '{{job_name}}': age('max by (job_name) (tenseams_flink_last_checkpoint_timestamp_seconds)'),
      },
      look: 'So much is read again after a crash, and so much later do readers of committed data see results.',
      alerts: ['FlinkCheckpointStale'],
    },
    {
      title: 'How long does a checkpoint take?',
      unit: 'ms',
      queries: {
        '{{job_name}}': 'max by (job_name) (flink_jobmanager_job_lastCheckpointDuration)',
      },
      look: 'Longer and longer: back pressure holds the barriers up, or the state grows.',
    },
    {
      title: 'How many checkpoints of each job have failed?',
      unit: 'none',
      queries: { '{{job_name}}': 'max by (job_name) (tenseams_flink_failed_checkpoints)' },
      look: 'A single one after a restart is no trouble.',
      alerts: ['FlinkCheckpointFailing'],
    },
    {
      title: 'How large is the state of each job?',
      unit: 'bytes',
      queries: {
        '{{job_name}}, all of it':
          'max by (job_name) (flink_jobmanager_job_lastCheckpointFullSize)',
        '{{job_name}}, the last checkpoint':
          'max by (job_name) (flink_jobmanager_job_lastCheckpointSize)',
      },
      look: 'It should level off at the time to live of the state. A line that rises for days is a key that never expires.',
    },
  ],
}

const eventTime: Row = {
  title: 'Event time',
  panels: [
    {
      title: 'How old is the watermark of each job?',
      unit: 's',
      queries: {
        '{{job_name}}': age('max by (job_name) (tenseams_flink_watermark_timestamp_seconds)'),
      },
      look: 'Windows close when the watermark passes their end. pulse writes ticks, so it moves also while nothing is bought.',
      alerts: ['WatermarkStalled'],
    },
    {
      title: 'Which subtask has the smallest watermark?',
      unit: 'none',
      queries: { '{{job_name}}': 'max by (job_name) (tenseams_flink_watermark_subtask)' },
      look: 'The same one all the time, with an old watermark: its partition is quiet, and holds all windows back.',
    },
    {
      title: 'How many ticks are written?',
      unit: 'cps',
      queries: { ticks: `sum(${rate('tenseams_ticks_total')})` },
      look: 'Into partitions without an event. 0 at rest: event time stands still.',
    },
    {
      title: 'How many rows came too late in ten minutes?',
      unit: 'none',
      queries: {
        '{{topic}}':
          'sum by (topic) (delta(tenseams_kafka_last_stable_offset{topic=~"analytics[.].+[.]late[.]v1"}[10m]))',
      },
      look: 'They are in that topic, and gold adds them. Many at once: a partition was held up for longer than lateness is allowed.',
      alerts: ['LateRowsGrow'],
    },
    {
      title: 'How many rows did windows drop?',
      unit: 'none',
      queries: {
        '{{job_name}}': orZero(
          'sum by (job_name) (flink_taskmanager_job_task_operator_numLateRecordsDropped)',
        ),
      },
      look: 'It stays 0: late rows go to a topic before a window could drop them. Above 0, rows are lost without a trace.',
    },
  ],
}

const work: Row = {
  title: 'Work: utilisation, saturation, back pressure',
  panels: [
    {
      title: 'Which share of its time does each job wait for its next task?',
      unit: 'percentunit',
      queries: { '{{job_name}}': 'max by (job_name) (tenseams_flink_back_pressure_ratio)' },
      look: 'The most held back task of each job. Above a half for minutes: its sink is slow.',
      alerts: ['FlinkBackPressure'],
    },
    {
      title: 'Which ten tasks are held back the most?',
      unit: 'ms',
      queries: {
        '{{job_name}}: {{task_name}}':
          'topk(10, max by (job_name, task_name) (flink_taskmanager_job_task_backPressuredTimeMsPerSecond))',
      },
      look: 'Milliseconds of a second. The cause is the first task behind them that is not held back itself.',
    },
    {
      title: 'Which ten tasks work the most?',
      unit: 'ms',
      queries: {
        '{{job_name}}: {{task_name}}':
          'topk(10, max by (job_name, task_name) (flink_taskmanager_job_task_busyTimeMsPerSecond))',
      },
      look: 'Milliseconds of a second. Near 1000 and with back pressure before it: this task is the bottleneck.',
    },
    {
      title: 'How many records do the tasks of each job read?',
      unit: 'cps',
      queries: {
        '{{job_name}}': `sum by (job_name) (${growth('flink_taskmanager_job_task_numRecordsIn')})`,
      },
      look: 'A record counts in each task that it passes.',
    },
    {
      title: 'How many records have sources not read yet?',
      unit: 'short',
      queries: {
        '{{job_name}}': 'sum by (job_name) (flink_taskmanager_job_task_operator_pendingRecords)',
      },
      look: 'By what the sources know themselves; the lag in seconds is measured from outside.',
    },
    {
      title: 'How much CPU does Flink use?',
      unit: 'percentunit',
      queries: {
        JobManager: 'max(flink_jobmanager_Status_JVM_CPU_Load)',
        TaskManager: 'max(flink_taskmanager_Status_JVM_CPU_Load)',
      },
      look: 'A share of the whole machine.',
    },
    {
      title: 'How full are the heaps?',
      unit: 'percentunit',
      queries: {
        JobManager:
          'max(flink_jobmanager_Status_JVM_Memory_Heap_Used) / max(flink_jobmanager_Status_JVM_Memory_Heap_Max)',
        TaskManager:
          'max(flink_taskmanager_Status_JVM_Memory_Heap_Used) / max(flink_taskmanager_Status_JVM_Memory_Heap_Max)',
      },
      look: 'A saw is garbage and its collection. Its low points are what counts: when they rise, something is kept.',
    },
    {
      title: 'How many slots are free?',
      unit: 'none',
      queries: {
        free: 'max(flink_jobmanager_taskSlotsAvailable)',
        all: 'max(flink_jobmanager_taskSlotsTotal)',
      },
      look: 'A job that finds too few after a crash does not start again.',
    },
  ],
}

export const flink: Dashboard = {
  uid: 'tenseams-flink',
  title: 'Flink',
  says: 'Whether the jobs run, how much they would do again after a crash, and what holds their windows back.',
  rows: [jobs, checkpoints, eventTime, work],
}
