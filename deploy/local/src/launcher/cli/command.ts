import { UsageError } from './arguments.ts'

/** What the exit codes of every verb mean. */
export const exitCodes = { holds: 0, refuted: 1, undecided: 2 } as const

/** Somebody has asked us to end: Ctrl-C, SIGTERM, or a closed terminal. */
export class Interrupted extends Error {
  readonly code = 'INTERRUPTED'
  readonly retriable = true
}

/** Aborts with `Interrupted` at the first SIGINT, SIGTERM or SIGHUP; later ones change nothing. */
export function interruptible(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new Interrupted(`stopped by ${signal}`)))
  }
  return controller.signal
}

/**
 * Tells people why a command could not be carried out: known failures by their message, without a stack.
 *
 * @returns the exit code.
 */
export function commandFailed(error: unknown, help: string): number {
  process.stderr.write(`${explain(error)}\n`)
  if (error instanceof UsageError) process.stderr.write(`\n${help}`)
  return exitCodes.undecided
}

function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join('\n')
  if (!(error instanceof Error)) return String(error)
  const known = ('code' in error && 'retriable' in error) || error instanceof RangeError
  return known ? error.message : (error.stack ?? error.message)
}
