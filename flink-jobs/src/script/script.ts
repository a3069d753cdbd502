import type { FlinkEndpoints } from '@tenseams/contracts/generate/flink'
import {
  catalogDdl,
  goldTableDdl,
  sinkTableDdl,
  sourceTableDdl,
} from '@tenseams/contracts/generate/flink'
import { type ContractSchema, currentSchema } from '@tenseams/contracts/schemas'
import { readTopic } from '@tenseams/contracts/topics'
import { JobError } from '../errors.ts'
import { type Intervals, intervalsOf, type Job, withIntervals } from './job.ts'
import { type Statement, splitStatements } from './statements.ts'
import { timeouts } from './timeouts.ts'

/** Of a job, which its state fixes: its keys are in so many groups. */
export const MOST_PARALLELISM = 32

/**
 * Rows become visible with a checkpoint only, whose barrier drives everything in front of it through all tasks. So sources may
 * wait for more records, and tasks for fuller buffers, for a share of the interval: this many times in each.
 */
const BATCHES_A_CHECKPOINT = 10
const DEFAULT_CHECKPOINT_MS = 10_000

export type JobSettings = {
  readonly intervals?: Intervals
  readonly parallelism?: number
  /** With each checkpoint, results become visible to read_committed readers and in gold. */
  readonly checkpointIntervalMs?: number
  /** The folder of the checkpoints and savepoints of all jobs, as a URL without a trailing slash. */
  readonly stateUrl: string
  /** The savepoint or retained checkpoint to restore from. */
  readonly restoreFrom?: string
}

/** All that a SQL client must run for a job, in order. */
export type Script = {
  readonly settings: Readonly<Record<string, string>>
  /** Generated from the contracts. */
  readonly tables: readonly string[]
  /** The job's own. */
  readonly statements: readonly Statement[]
}

/** A topic's newest contract, and the field that holds the key. */
export type TopicContract = { readonly contract: ContractSchema; readonly keyField: string }

/** @throws JobError, ContractError */
export function scriptOf(
  job: Job,
  endpoints: FlinkEndpoints,
  settings: JobSettings,
  contractOf: (topic: string) => TopicContract = ownContract,
): Script {
  const changed = withIntervals(job, settings.intervals ?? {})
  return {
    settings: settingsOf(job.name, settings),
    tables: tablesOf(changed, endpoints, batchMsOf(settings), contractOf),
    statements: splitStatements(changed.sql),
  }
}

/** The script as the text of a file. */
export function textOf({ settings, tables, statements }: Script): string {
  const sets = Object.entries(settings).map(([name, value]) => `SET '${name}' = '${value}'`)
  const all = [...sets, ...tables, ...statements.map(({ sql }) => sql.replace(/;$/, ''))]
  return all.map((sql) => `${sql};\n`).join('\n')
}

/** A job's folder of checkpoints below the state's URL. Each job has its own. */
export function checkpointFolder(job: string): string {
  return `checkpoints/${job}`
}

/** A job's folder of savepoints below the state's URL. Each job has its own. */
export function savepointFolder(job: string): string {
  return `savepoints/${job}`
}

/** How long a record may wait for others before it is read, and again between two tasks. */
function batchMsOf({ checkpointIntervalMs = DEFAULT_CHECKPOINT_MS }: JobSettings): number {
  return Math.ceil(checkpointIntervalMs / BATCHES_A_CHECKPOINT)
}

function settingsOf(job: string, settings: JobSettings): Readonly<Record<string, string>> {
  const { parallelism = 1, stateUrl, restoreFrom } = settings
  const { checkpointIntervalMs = DEFAULT_CHECKPOINT_MS } = settings
  const batchMs = batchMsOf(settings)
  return {
    'pipeline.name': job,
    // The number of key groups cannot change after the first savepoint: this leaves room to rescale.
    'pipeline.max-parallelism': String(MOST_PARALLELISM),
    'parallelism.default': String(parallelism),
    'table.local-time-zone': 'UTC',
    // Each of a job's dozen tasks wakes at these intervals, whether anything came or not.
    'execution.buffer-timeout.interval': `${batchMs} ms`,
    'pipeline.auto-watermark-interval': `${batchMs} ms`,
    // With an idle timeout, rows of a partition that wakes are lost. Ticks advance quiet partitions instead.
    'table.exec.source.idle-timeout': '0 ms',
    // The default (v1) sink cannot be restored with another parallelism.
    'table.exec.iceberg.use-v2-sink': 'true',
    'state.backend.type': 'rocksdb',
    // With RocksDB's default of 64 MB, a memtable's arena grows in blocks of 8 MB. That is more than a slot has, so it is
    // flushed constantly.
    'state.backend.rocksdb.writebuffer.size': '4 mb',
    'execution.checkpointing.incremental': 'true',
    'execution.checkpointing.interval': `${checkpointIntervalMs} ms`,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.timeout': `${timeouts.checkpointTimeoutMs} ms`,
    'execution.checkpointing.dir': `${stateUrl}/${checkpointFolder(job)}`,
    'execution.checkpointing.savepoint-dir': `${stateUrl}/${savepointFolder(job)}`,
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.checkpointing.tolerable-failed-checkpoints': String(timeouts.toleratedFailures),
    // A fixed delay runs out of attempts in an outage of half a minute.
    'restart-strategy.type': 'exponential-delay',
    'restart-strategy.exponential-delay.initial-backoff': '1 s',
    'restart-strategy.exponential-delay.max-backoff': `${timeouts.longestBackoffMs} ms`,
    ...(restoreFrom === undefined ? {} : { 'execution.state-recovery.path': restoreFrom }),
  }
}

function ownContract(topic: string): TopicContract {
  return { contract: currentSchema(topic), keyField: readTopic(topic).keyField }
}

function tablesOf(
  job: Job,
  endpoints: FlinkEndpoints,
  fetchWaitMs: number,
  contractOf: (topic: string) => TopicContract,
): readonly string[] {
  const watermarkDelay = intervalsOf(job).delay
  if (watermarkDelay === undefined) {
    throw new JobError(
      `${job.file} has no interval marked :delay, which the source's watermark needs`,
    )
  }
  return [
    ...job.reads.map((topic) =>
      sourceTableDdl(contractOf(topic).contract, endpoints, {
        groupId: `flink-${job.name}`,
        watermarkDelay,
        fetchWaitMs,
      }),
    ),
    ...job.writes.map((topic) => {
      const { contract, keyField } = contractOf(topic)
      const transactionalIdPrefix = `${job.name}:${topic}`
      return sinkTableDdl(contract, endpoints, {
        keyField,
        transactionalIdPrefix,
        transactionTimeoutMs: timeouts.transactionTimeoutMs,
      })
    }),
    ...(job.gold.length === 0 ? [] : catalogDdl(endpoints)),
    ...job.gold.map((topic) => goldTableDdl(contractOf(topic).contract)),
  ]
}
