import type { FlinkEndpoints } from '@tenseams/contracts/flink'
import { catalogDdl, goldTableDdl, sinkTableDdl, sourceTableDdl } from '@tenseams/contracts/flink'
import { currentSchema } from '@tenseams/contracts/schemas'
import { readTopic } from '@tenseams/contracts/topics'
import { JobError } from './errors.ts'
import { type Intervals, intervalsOf, type Job, withIntervals } from './job.ts'
import { type Statement, splitStatements } from './statements.ts'

export type JobSettings = {
  readonly intervals?: Intervals
  readonly parallelism?: number
  /** Results become visible to read_committed readers and in gold once a checkpoint. */
  readonly checkpointIntervalMs?: number
  /** Where checkpoints and savepoints of all jobs are, as a URL without a slash at its end. */
  readonly stateUrl: string
  /** A savepoint or retained checkpoint from which the job goes on. */
  readonly restoreFrom?: string
}

/** A job's statements in order: settings and tables, generated, then the job's own. */
export type Script = {
  readonly preamble: readonly string[]
  readonly statements: readonly Statement[]
}

/**
 * How long the broker keeps a transaction open whose job is gone. It must outlive every outage of Flink, because what
 * was pre-committed in a transaction that times out is lost; it is the broker's own upper limit
 * (`transaction.max.timeout.ms`). It holds no restarted run back: the pooling strategy lists the open transactions of
 * its prefix when it starts and aborts those that no checkpoint knows.
 */
export const transactionTimeoutMs = 900_000

/** Everything that a SQL client must run for the job. @throws JobError, ContractError */
export function scriptOf(job: Job, endpoints: FlinkEndpoints, settings: JobSettings): Script {
  const changed = withIntervals(job, settings.intervals ?? {})
  return {
    preamble: [...settingStatements(job.name, settings), ...tables(changed, endpoints)],
    statements: splitStatements(changed.sql),
  }
}

/** The folders below the state's URL in which a job's checkpoints and savepoints are kept apart from other jobs'. */
export function checkpointFolder(job: string): string {
  return `checkpoints/${job}`
}

export function savepointFolder(job: string): string {
  return `savepoints/${job}`
}

function settingStatements(job: string, settings: JobSettings): readonly string[] {
  const { parallelism = 1, checkpointIntervalMs = 10_000, stateUrl, restoreFrom } = settings
  const values = {
    'pipeline.name': job,
    // Key groups are fixed with the first savepoint: room to rescale.
    'pipeline.max-parallelism': '32',
    'parallelism.default': String(parallelism),
    'table.local-time-zone': 'UTC',
    // An idle partition that wakes loses rows; ticks move quiet partitions instead.
    'table.exec.source.idle-timeout': '0 ms',
    // The default sink cannot be restored with another parallelism.
    'table.exec.iceberg.use-v2-sink': 'true',
    'state.backend.type': 'rocksdb',
    'execution.checkpointing.incremental': 'true',
    'execution.checkpointing.interval': `${checkpointIntervalMs} ms`,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.timeout': '2 min',
    'execution.checkpointing.dir': `${stateUrl}/${checkpointFolder(job)}`,
    'execution.checkpointing.savepoint-dir': `${stateUrl}/${savepointFolder(job)}`,
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.checkpointing.tolerable-failed-checkpoints': '10',
    // A fixed delay is used up by an outage of half a minute.
    'restart-strategy.type': 'exponential-delay',
    'restart-strategy.exponential-delay.initial-backoff': '1 s',
    'restart-strategy.exponential-delay.max-backoff': '20 s',
    ...(restoreFrom === undefined ? {} : { 'execution.state-recovery.path': restoreFrom }),
  }
  return Object.entries(values).map(([name, value]) => `SET '${name}' = '${value}'`)
}

function tables(job: Job, endpoints: FlinkEndpoints): readonly string[] {
  const watermarkDelay = intervalsOf(job).delay
  if (watermarkDelay === undefined) {
    throw new JobError(`${job.file} has no interval marked :delay; the late gate's is the source's`)
  }
  return [
    ...job.reads.map((topic) =>
      sourceTableDdl(currentSchema(topic), endpoints, {
        groupId: `flink-${job.name}`,
        watermarkDelay,
      }),
    ),
    ...job.writes.map((topic) =>
      sinkTableDdl(currentSchema(topic), endpoints, {
        keyField: readTopic(topic).keyField,
        transactionalIdPrefix: `${job.name}:${topic}`,
        transactionTimeoutMs,
      }),
    ),
    ...(job.gold.length === 0 ? [] : catalogDdl(endpoints)),
    ...job.gold.map((topic) => goldTableDdl(currentSchema(topic))),
  ]
}
