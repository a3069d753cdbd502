import { UsageError } from './errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { complain, ignoreGoneReaders, say } from './output.ts'

/** A verb's work. It returns the exit code, and throws when it could not decide or do what it was asked. */
export type Verb = (args: readonly string[]) => ExitCode | Promise<ExitCode>

/**
 * The last call of every command file: runs the verb with the process' arguments and sets the exit code.
 *
 * `--help` or `-h` anywhere prints the help and runs nothing. An error exits with 2, "undecided": a wrong command line with
 * the help, an expected error with its message and causes, any other with its stack trace. That is so for errors outside the
 * verb's own promise, too, for which Node would exit with 1: "refuted".
 *
 * @param help the text, or a function for a verb whose commands have texts of their own.
 */
export async function runVerb(
  verb: Verb,
  help: string | ((args: readonly string[]) => string),
): Promise<void> {
  ignoreGoneReaders(endUndecided)
  // In place of the one that was there while the verb was loaded (deploy/local/begin/undecided.js).
  process.removeAllListeners('uncaughtException').on('uncaughtException', endUndecided)
  const args = process.argv.slice(2)
  const text = (typeof help === 'string' ? help : help(args)).trimEnd()
  if (asksForHelp(args)) {
    say(text)
    return
  }
  try {
    process.exitCode = await verb(args)
  } catch (error) {
    complain(explain(error))
    if (error instanceof UsageError) complain(`\n${text}`)
    process.exitCode = exitCodes.undecided
  }
}

function endUndecided(error: unknown): void {
  complain(explain(error))
  process.exit(exitCodes.undecided)
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const options = end < 0 ? args : args.slice(0, end)
  return options.some((argument) => argument === '--help' || argument === '-h')
}

/** What people are told about an error. */
export function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join('\n')
  if (!(error instanceof Error)) return String(error)
  if (!isExpected(error)) return error.stack ?? error.message
  return [error.message, ...causesOf(error)].join('\n  caused by: ')
}

/** Our own errors and those of kafkajs say whether they are retriable; a failed system call names itself. */
function isExpected(error: Error): boolean {
  return 'retriable' in error || 'syscall' in error
}

const LONGEST_CHAIN = 10

function causesOf(error: Error): readonly string[] {
  const messages: string[] = []
  let cause = error.cause
  while (cause !== undefined && cause !== null && messages.length < LONGEST_CHAIN) {
    messages.push(cause instanceof Error ? cause.message : String(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return messages
}
