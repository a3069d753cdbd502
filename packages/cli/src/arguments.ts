import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { UsageError } from './errors.ts'

/**
 * Reads a verb's arguments with `parseArgs`; `--help` is answered before, by `runVerb`.
 *
 * @throws UsageError for an option that is not in `options`, or one whose value is missing.
 */
export function readArguments<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // parseArgs reports a wrong command line by a TypeError with a code.
    if (error instanceof TypeError && 'code' in error) throw new UsageError(error.message)
    throw error
  }
}

export type Bounds = { readonly least?: number; readonly most?: number }

/** @throws UsageError unless the text is a whole number within the bounds, both included. */
export function wholeNumber(
  name: string,
  text: string,
  { least = 0, most = Number.MAX_SAFE_INTEGER }: Bounds = {},
): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`
  throw new UsageError(`${name} takes a whole number, ${range}, not "${text}"`)
}

/** The same for an option that may be left out. @throws UsageError */
export function optionalWholeNumber(
  name: string,
  text: string | undefined,
  bounds: Bounds = {},
): number | undefined {
  return text === undefined ? undefined : wholeNumber(name, text, bounds)
}

/** @throws UsageError unless the text is one of the choices. */
export function oneOf<const Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  throw new UsageError(`${name} is one of ${choices.join(', ')}, not "${text}"`)
}

/** @throws UsageError unless the first positional is one of the verb's commands. */
export function commandOf<const Command extends string>(
  text: string | undefined,
  commands: readonly Command[],
): Command {
  const found = commands.find((command) => command === text)
  if (found !== undefined) return found
  throw new UsageError(text === undefined ? 'which command?' : `there is no command "${text}"`)
}

/** @throws UsageError when there are arguments that the command does not take. */
export function refuseMore(rest: readonly string[], hint = ''): void {
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is not expected${hint}`)
}
