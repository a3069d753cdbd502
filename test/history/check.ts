import type { Anomaly } from './anomaly.ts'
import { judgeMissing } from './completeness.ts'
import { judgeEffects } from './effects.ts'
import { gatherEvidence } from './evidence.ts'
import { groupCommits } from './groups.ts'
import { buildLogs } from './log.ts'
import { type History, readHistory } from './read.ts'
import { judgeReading } from './reading.ts'
import { judgeSending } from './sending.ts'
import { judgeSightings } from './sightings.ts'

export type Judgement = {
  readonly operations: number
  /** Violations. */
  readonly anomalies: readonly Anomaly[]
  /** Acknowledged values that nobody has read, where no reader claims to have read to the end. */
  readonly unseen: readonly Anomaly[]
  /** Last lines that a crash truncated. */
  readonly torn: readonly string[]
}

/**
 * Judges a history that clients recorded, after Jepsen's workload for Kafka. Unknown outcomes may have happened or not:
 * neither is an anomaly. The work grows as n log n with the history.
 *
 * @throws HistoryError when no recorder writes such a line.
 */
export function checkHistory(...files: readonly (readonly string[])[]): Judgement {
  return judge(readHistory(...files))
}

export function judge(history: History): Judgement {
  const { operations, torn } = history
  const evidence = gatherEvidence(history)
  const logs = buildLogs(evidence)
  const commits = groupCommits(operations, evidence)
  const reading = judgeReading(operations, { logs, commits })
  const missing = judgeMissing(operations, { evidence, logs, passed: reading.passed })
  const anomalies = [
    ...judgeSightings(evidence, logs),
    ...missing.found,
    ...reading.found,
    ...judgeSending(operations),
    ...judgeEffects(operations, evidence, commits),
  ]
  return { operations: operations.length, anomalies, unseen: missing.unseen, torn }
}
