/** A job cannot be run as it was asked for: another order, file or setting is needed. */
export class JobError extends Error {
  readonly code = 'JOB_REFUSED'
  readonly retriable = false
}

/** Flink or its SQL gateway did not answer, or not in time. Nothing is known about what it did. */
export class FlinkUnavailableError extends Error {
  readonly code = 'FLINK_UNAVAILABLE'
  readonly retriable = true
}

/** Flink refused. The message is the innermost one of its stack trace. */
export class FlinkRefusedError extends Error {
  readonly code = 'FLINK_REFUSED'
  readonly retriable = false
}
