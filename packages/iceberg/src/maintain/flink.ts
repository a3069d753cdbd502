import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import { history } from '../table/history.ts'

/** What Flink's sink writes into the summary of each of its snapshots, and searches at a restore. */
const JOB_ID = 'flink.job-id'
const CHECKPOINT = 'flink.max-committed-checkpoint-id'

/** True for a table that Flink's sink writes. */
export function isFlinks(metadata: TableMetadata): boolean {
  return metadata.snapshots.some(isOfJob)
}

/**
 * The snapshots of a Flink table that a restore may need; `undefined` when that cannot be told, and nothing may be expired.
 *
 * A restored job walks from the newest snapshot back to the first one of the job that it is restored from, and commits the
 * checkpoints after the one that this snapshot names. So the newest snapshot of the newest job must stay, or that job would
 * commit a checkpoint twice. Earlier jobs are over once another has committed: to restore one of them would write its windows
 * again whatever is kept. Two jobs that write at the same time would each need their own newest snapshot for ever, so such a table
 * is left alone.
 */
export function neededByFlink(metadata: TableMetadata): readonly bigint[] | undefined {
  const snapshots = history(metadata).filter(isOfJob)
  const jobs = Map.groupBy(snapshots, ({ summary }) => summary[JOB_ID])
  const turns = snapshots.filter(
    ({ summary }, index) => summary[JOB_ID] !== snapshots[index - 1]?.summary[JOB_ID],
  )
  if (turns.length > jobs.size) return undefined
  const newest = snapshots.at(-1)
  const ofNewestJob = jobs.get(newest?.summary[JOB_ID]) ?? []
  const byOperator = Map.groupBy(ofNewestJob, ({ summary }) => summary['flink.operator-id'])
  return [...byOperator.values()].flatMap((each) => each.at(-1)?.snapshotId ?? [])
}

function isOfJob({ summary }: Snapshot): boolean {
  return summary[JOB_ID] !== undefined && summary[CHECKPOINT] !== undefined
}
