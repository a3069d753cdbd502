import type { LogFields } from './declared/log-fields.ts'

/** Fields of a log line; one that contracts/telemetry.yaml does not declare is an error of the compiler. */
type Declared<Fields> = Fields & {
  readonly [Name in Exclude<keyof Fields, keyof LogFields>]: never
}

type Write = <const Fields extends Partial<LogFields>>(
  fields: Declared<Fields>,
  message: string,
) => void

/**
 * A log as our code uses it. The HTTP server's is one. A message is words that do not vary, so that lines of one kind can be counted;
 * what varies is in the fields, which nobody can search for, or keep free of personal data, unless they are declared.
 */
export type Log = {
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}

type ServerLog = Log & { readonly fatal: Write }

/** The log of a server or a request, as one that takes declared fields only. */
export function logOf({ log }: { readonly log: ServerLog }): ServerLog {
  return log
}
