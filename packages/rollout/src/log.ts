import type { RolloutEvent } from './machine/states.ts'

/** The log of rollouts, from which a controller resumes. A version is the number of events up to there. */
export type RolloutLog = {
  /** Events of a change after that version, in their order. */
  readonly read: (change: string, afterVersion: number) => Promise<readonly RolloutEvent[]>
  /**
   * All of the events, or none.
   *
   * @throws LogConflictError when the log has another version: another controller or person was faster.
   */
  readonly append: (
    change: string,
    expectedVersion: number,
    events: readonly RolloutEvent[],
  ) => Promise<void>
}

export class LogConflictError extends Error {
  readonly code = 'ROLLOUT_LOG_CONFLICT'
  readonly retriable = true
}
