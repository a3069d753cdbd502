import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { UsageError } from './errors.ts'

/**
 * Reads a verb's arguments with `parseArgs`; `--help` is answered before, by `runVerb`.
 *
 * @returns in `given` the names of the options that are on the command line, whatever their defaults are.
 * @throws UsageError for an option that is not in `options`, one whose value is missing or empty, as of a variable of the shell
 *   that is not set, and one with two values, of which one would be ignored.
 */
export function readArguments<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    const parsed = parseArgs({
      ...{ args: [...args], options, allowPositionals: true, strict: true, tokens: true },
    })
    const given = parsed.tokens.filter((token) => token.kind === 'option')
    for (const { name, rawName, value } of given) {
      if (value === '') throw new UsageError(`${rawName} has an empty value`)
      const values = given.filter((other) => other.name === name).map((other) => other.value)
      if (options[name]?.multiple !== true && new Set(values).size > 1) {
        throw new UsageError(`${rawName} is given twice, as ${values.join(' and as ')}`)
      }
    }
    return { ...parsed, given: new Set(given.map(({ name }) => name)) }
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

/**
 * @param owners the commands that look at an option; one that is not listed is for all of them.
 * @throws UsageError for an option that the command would ignore.
 */
export function refuseStrays(
  command: string,
  given: ReadonlySet<string>,
  owners: Readonly<Record<string, readonly string[]>>,
): void {
  for (const name of given) {
    const commands = owners[name]
    if (commands === undefined || commands.includes(command)) continue
    throw new UsageError(`--${name} goes with ${commands.join(', ')}`)
  }
}

/** @throws UsageError unless the text is the address of a web server. */
export function webAddress(name: string, text: string): string {
  const url = URL.parse(text)
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return text
  throw new UsageError(`${name} takes an address like http://127.0.0.1:8080, not "${text}"`)
}

const BROKER = /^(?:\[[0-9a-f:.]+\]|[\w.-]+):(?<port>\d{1,5})$/i

/** @throws UsageError unless the text is a list of brokers. */
export function brokerList(name: string, text: string): string {
  const ports = text.split(',').map((broker) => Number(BROKER.exec(broker)?.groups?.port))
  if (ports.every((port) => port > 0 && port < 65_536)) return text
  throw new UsageError(`${name} takes a list like 127.0.0.1:9092,127.0.0.1:9093, not "${text}"`)
}

/** @throws UsageError when there are arguments that the command does not take. */
export function refuseMore(rest: readonly string[], hint = ''): void {
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is not expected${hint}`)
}
