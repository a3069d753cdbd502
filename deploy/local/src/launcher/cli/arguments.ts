import { parseArgs } from 'node:util'
import { type DebeziumLine, debeziumLines, isDebeziumLine } from '../plan/debezium-line.ts'
import { everyProfile, isProfile, type Profile } from '../plan/profiles.ts'

/** The command line cannot be understood; the message says why. */
export class UsageError extends Error {
  readonly code = 'USAGE'
  readonly retriable = false
}

/** Which instance, and how much of it. */
export type Target = {
  readonly instance: string
  /** Undefined: as the instance was started last. */
  readonly portOffset: number | undefined
  readonly profile: Profile
}

const flags = {
  help: { type: 'boolean', short: 'h' },
  instance: { type: 'string', default: 'default' },
  offset: { type: 'string' },
  profile: { type: 'string', default: 'full' },
} as const

export const targetHelp = `  --profile minimal|full     minimal ends in Kafka, full in the lakehouse (full)
  --instance <name>          a system of its own with its own data (default)
  --offset <n>               its ports: those of packages/cli/ports.json plus n, a multiple of 100
  --help`

const stackFlags = {
  ...flags,
  purge: { type: 'boolean' },
  json: { type: 'boolean' },
  lines: { type: 'string', default: '100' },
  follow: { type: 'boolean', short: 'f' },
  debezium: { type: 'string' },
} as const

const stackVerbs = [
  'up',
  'down',
  'status',
  'logs',
  'restart',
  'kill',
  'pause',
  'resume',
  'doctor',
] as const

type StackVerb = (typeof stackVerbs)[number]

export type StackRequest = Target & {
  readonly verb: StackVerb | 'help'
  /** For `up` parts, for the verbs of one component its name. */
  readonly names: readonly string[]
  readonly purge: boolean
  readonly json: boolean
  readonly lines: number
  readonly follow: boolean
  /** Undefined: as the instance was started last. */
  readonly debezium: DebeziumLine | undefined
}

const ofOneComponent: readonly StackVerb[] = ['logs', 'restart', 'kill', 'pause', 'resume']

/** Reads the arguments of `npm run stack`. @throws UsageError */
export function readStackArguments(args: readonly string[]): StackRequest {
  const { values, positionals } = orUsageError(() =>
    parseArgs({ args: [...args], options: stackFlags, allowPositionals: true }),
  )
  const [verb, ...names] = positionals
  const request = {
    ...targetOf(values),
    names,
    purge: values.purge ?? false,
    json: values.json ?? false,
    lines: wholeNumber('--lines', values.lines),
    follow: values.follow ?? false,
    debezium: debeziumOf(values.debezium),
  }
  if (values.help) return { ...request, verb: 'help' }
  const known = stackVerbs.find((each) => each === verb)
  if (known === undefined) {
    throw new UsageError(verb === undefined ? 'which verb?' : `"${verb}" is no verb`)
  }
  refuseStrayNames(known, names)
  if (request.purge && known !== 'down') throw new UsageError('--purge goes with down only')
  if (request.debezium !== undefined && known !== 'up') {
    throw new UsageError('--debezium goes with up only')
  }
  return { ...request, verb: known }
}

function refuseStrayNames(verb: StackVerb, names: readonly string[]): void {
  if (verb === 'up') return
  if (ofOneComponent.includes(verb)) {
    if (names.length !== 1) throw new UsageError(`${verb} takes the name of one component`)
  } else if (names.length > 0) throw new UsageError(`"${names[0]}" is not expected`)
}

export type StartRequest = Target & {
  readonly help: boolean
  readonly fresh: boolean
  readonly once: boolean
  /** Components that are killed while orders come. */
  readonly kill: readonly string[]
}

/** Reads the arguments of `npm start`. @throws UsageError */
export function readStartArguments(args: readonly string[]): StartRequest {
  const { values } = orUsageError(() =>
    parseArgs({
      args: [...args],
      options: {
        ...flags,
        fresh: { type: 'boolean' },
        once: { type: 'boolean' },
        kill: { type: 'string', multiple: true },
      },
    }),
  )
  const { help = false, fresh = false, once = false, kill = [] } = values
  return { ...targetOf(values), help, fresh, once, kill }
}

function targetOf(values: {
  readonly instance: string
  readonly offset?: string | undefined
  readonly profile: string
}): Target {
  if (!isProfile(values.profile)) {
    throw new UsageError(`--profile is one of ${everyProfile.join(', ')}, not "${values.profile}"`)
  }
  const { instance, profile, offset } = values
  const portOffset = offset === undefined ? undefined : wholeNumber('--offset', offset)
  return { instance, profile, portOffset }
}

function debeziumOf(text: string | undefined): DebeziumLine | undefined {
  if (text === undefined || isDebeziumLine(text)) return text
  throw new UsageError(`--debezium is one of ${debeziumLines.join(', ')}, not "${text}"`)
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new UsageError(`${name} takes a whole number, not "${text}"`)
}

/** parseArgs throws a TypeError with a code for an option that it does not know. */
function orUsageError<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new UsageError(error.message)
    throw error
  }
}
