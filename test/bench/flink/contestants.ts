import { type Job, readJob, withIntervals } from '@tenseams/flink-jobs/script/job'
import { jobUnder } from '../../proofs/late/job.ts'
import { gapMs, type Load } from './load.ts'

/** A job with one of the ways in which it can be run. */
export type Contestant = {
  readonly name: string
  readonly job: Job
  /** Settings of Flink that replace ours. */
  readonly settings: Readonly<Record<string, string>>
  readonly window: keyof Load['due']
  /** Records that it reads for an order. */
  readonly recordsAnOrder: number
}

const heap = { 'state.backend.type': 'hashmap', 'execution.checkpointing.incremental': 'false' }

/**
 * The jobs of three windows, each with its state in RocksDB and on the heap, and the tumbling one with other gates. They write their
 * topics, exactly once, and no tables: Iceberg's sink would be measured in all of them.
 */
export function contestants(): readonly Contestant[] {
  const tumbling = withoutTables(readJob('revenue-per-minute'))
  const usual = withoutTables(jobUnder('current-watermark'))
  const hopping = withoutTables(readJob('payment-failure-rate'))
  const gap = `INTERVAL '${gapMs / 1_000}' SECOND`
  const session = withIntervals(withoutTables(readJob('shopper-sessions')), { gap })
  const of = (window: Contestant['window'], job: Job, recordsAnOrder: number) => [
    { name: `${window}, RocksDB`, window, job, settings: {}, recordsAnOrder },
    { name: `${window}, heap`, window, job, settings: heap, recordsAnOrder },
  ]
  return [
    ...of('tumbling', tumbling, 2),
    ...of('hopping', hopping, 2),
    ...of('session', session, 3),
    {
      ...{ name: 'tumbling, usual gate', window: 'tumbling', job: usual, settings: {} },
      recordsAnOrder: 2,
    },
    {
      ...{ name: 'tumbling, no gate', window: 'tumbling', job: withoutGate(tumbling) },
      ...{ settings: {}, recordsAnOrder: 2 },
    },
  ]
}

function withoutTables(job: Job): Job {
  return { ...job, sql: job.sql.replaceAll(/INSERT INTO lake\.[\s\S]*?;\n\n/g, ''), gold: [] }
}

/** Whatever is late is dropped by the window: what a job costs that does not care. */
function withoutGate(job: Job): Job {
  const sql = job.sql
    .replace(
      /MAX\(clock\) OVER \([^)]*\) - (INTERVAL '\d+' SECOND \/\* :delay \*\/)/,
      "et - INTERVAL '1' DAY -- $1\n   ",
    )
    .replace(/INSERT INTO \S*late\.v1`\n[\s\S]*?FROM late;\n\n/, '')
  if (sql === job.sql) throw new Error(`${job.file} is not as this bench knows it`)
  return { ...job, sql, writes: job.writes.filter((topic) => !topic.includes('.late.')) }
}
