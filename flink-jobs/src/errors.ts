/** The request is wrong: another command, file or setting is needed. */
export class JobError extends Error {
  readonly code = 'JOB_REFUSED'
  readonly retriable = false
}

/** Flink or its SQL gateway did not answer in time. Whether it did what was requested is unknown. */
export class FlinkUnavailableError extends Error {
  readonly code = 'FLINK_UNAVAILABLE'
  readonly retriable = true
}

/** Flink refused the request. The message is the innermost one of its stack trace. */
export class FlinkRefusedError extends Error {
  readonly code = 'FLINK_REFUSED'
  readonly retriable = false
}
