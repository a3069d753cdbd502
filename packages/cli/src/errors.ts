/** The name, the port offset or the remembered start of an instance is invalid or cannot be read. */
export class InstanceError extends Error {
  readonly code = 'INSTANCE_INVALID'
  readonly retriable = false
}

/** The command line is wrong. `runVerb` prints the message and the verb's help. */
export class UsageError extends Error {
  readonly code = 'USAGE'
  readonly retriable = false
}

/** The verb cannot do what it was asked to do, for a reason that people understand without a stack trace. */
export class VerbError extends Error {
  readonly code = 'VERB_FAILED'
  readonly retriable = false
}

/** The user has asked the verb to end: Ctrl-C, SIGTERM, or a closed terminal. */
export class InterruptedError extends Error {
  readonly code = 'INTERRUPTED'
  readonly retriable = true
}
