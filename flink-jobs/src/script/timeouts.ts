import { JobError } from '../errors.ts'

/** How long each step may take during which a transaction of a job's sinks stays open. */
export type Timeouts = {
  readonly checkpointIntervalMs: number
  readonly checkpointTimeoutMs: number
  /** Checkpoints that may fail in a row before the job restarts. */
  readonly toleratedFailures: number
  /** Until Flink notices that a TaskManager is dead. */
  readonly heartbeatTimeoutMs: number
  /** Between two attempts to restart. */
  readonly longestBackoffMs: number
  /** From an attempt until all tasks run with their state restored. */
  readonly startMs: number
  readonly transactionTimeoutMs: number
}

/**
 * The timeouts of all our jobs. The transaction's must be longer than any outage of Flink, because the rows that are
 * pre-committed in a transaction that times out are lost. It equals the broker's upper limit. It does not delay a restart:
 * with the pooling strategy a sink lists the open transactions of its prefix when it starts, and aborts those that no
 * checkpoint knows.
 */
export const timeouts = {
  checkpointTimeoutMs: 120_000,
  toleratedFailures: 4,
  // Flink's default. The native stack sets a shorter one.
  heartbeatTimeoutMs: 50_000,
  longestBackoffMs: 10_000,
  startMs: 120_000,
  transactionTimeoutMs: 900_000,
} as const satisfies Omit<Timeouts, 'checkpointIntervalMs'>

/** How long a transaction may stay open: all tolerated failures in a row, one more checkpoint, then a restart. */
export function longestTransactionMs(given: Timeouts): number {
  const { checkpointIntervalMs, checkpointTimeoutMs, toleratedFailures } = given
  const checkpoints = (toleratedFailures + 1) * (checkpointIntervalMs + checkpointTimeoutMs)
  return checkpoints + given.heartbeatTimeoutMs + given.longestBackoffMs + given.startMs
}

/** @throws JobError with each violated bound and what to change. */
export function assertTimeoutsFit(given: Timeouts, brokerLongestMs: number): void {
  const { transactionTimeoutMs: timeout } = given
  const needed = longestTransactionMs(given)
  const wrong = [
    ...(timeout > needed
      ? []
      : [
          `transaction.timeout.ms is ${timeout}, but with a checkpoint every ${given.checkpointIntervalMs} ms a ` +
            `transaction may stay open for ${needed} ms; rows that are pre-committed in a transaction that times out ` +
            'are lost: use a shorter checkpoint interval',
        ]),
    ...(timeout <= brokerLongestMs
      ? []
      : [
          `transaction.timeout.ms is ${timeout}, but the broker allows ${brokerLongestMs}: ` +
            'raise its transaction.max.timeout.ms',
        ]),
  ]
  if (wrong.length > 0) throw new JobError(wrong.join('\n'))
}
