import {
  commandOf,
  oneOf,
  readArguments,
  refuseMore,
  refuseStrays,
  wholeNumber,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import type { Profile as AlertProfile } from '@tenseams/contracts/slo/windows'
import { sinceMsOf } from '../logs/since.ts'
import { type DebeziumLine, debeziumLines } from '../plan/debezium-line.ts'
import { readTarget, type Target, targetOptions } from './target.ts'

const options = {
  ...targetOptions,
  purge: { type: 'boolean' },
  json: { type: 'boolean' },
  lines: { type: 'string', default: '100' },
  follow: { type: 'boolean', short: 'f' },
  part: { type: 'string', multiple: true },
  since: { type: 'string' },
  order: { type: 'string' },
  debezium: { type: 'string' },
  alerts: { type: 'string' },
} as const

/** They are in memory until they are printed. */
const MOST_LINES = 100_000

const commands = [
  'up',
  'down',
  'status',
  'logs',
  'stop',
  'restart',
  'kill',
  'pause',
  'resume',
  'doctor',
] as const

type StackCommand = (typeof commands)[number]

export type StackRequest = Target & {
  readonly command: StackCommand
  /** For `up` the parts, for the commands on one component its name. */
  readonly names: readonly string[]
  readonly purge: boolean
  readonly json: boolean
  /** Undefined: all of them. */
  readonly lines: number | undefined
  readonly follow: boolean
  readonly sinceMs: number | undefined
  /** The id of an order, in lower case. */
  readonly order: string | undefined
  /** Undefined: the line of the instance's last start. */
  readonly debezium: DebeziumLine | undefined
  /** The same: how long the windows of alerts are. */
  readonly alerts: AlertProfile | undefined
}

const owners = {
  ...{
    purge: ['down'],
    debezium: ['up'],
    alerts: ['up'],
    json: ['status', 'logs'],
    ...{ lines: ['logs'], follow: ['logs'], part: ['logs'], since: ['logs'], order: ['logs'] },
  },
}

const onOneComponent: readonly StackCommand[] = ['stop', 'restart', 'kill', 'pause', 'resume']

/** Reads the arguments of `npm run stack`. @throws UsageError */
export function readStackArguments(args: readonly string[]): StackRequest {
  const { values, positionals, given } = readArguments(args, options)
  const [first, ...named] = positionals
  const names = [...named, ...(values.part ?? [])]
  const command = commandOf(first, commands)
  refuseStrays(command, given, owners)
  refuseOtherNames(command, names)
  return {
    ...readTarget(values),
    command,
    names,
    purge: values.purge ?? false,
    json: values.json ?? false,
    lines: linesOf(values.lines, given),
    follow: values.follow ?? false,
    sinceMs: values.since === undefined ? undefined : sinceMsOf(values.since, Date.now()),
    order: values.order === undefined ? undefined : orderIdOf(values.order),
    debezium:
      values.debezium === undefined
        ? undefined
        : oneOf('--debezium', values.debezium, debeziumLines),
    alerts:
      values.alerts === undefined
        ? undefined
        : oneOf('--alerts', values.alerts, ['normal', 'drill'] as const),
  }
}

/** Somebody who says since when wants everything since then. */
function linesOf(text: string, given: ReadonlySet<string>): number | undefined {
  if (given.has('since') && !given.has('lines')) return undefined
  return wholeNumber('--lines', text, { least: 1, most: MOST_LINES })
}

function orderIdOf(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw new UsageError(
    `--order takes the whole id of an order, as POST /orders answers it, not "${text}"`,
  )
}

function refuseOtherNames(command: StackCommand, names: readonly string[]): void {
  const isOnOne = onOneComponent.includes(command)
  if (command !== 'up' && command !== 'logs' && !isOnOne) refuseMore(names)
  if (isOnOne && names.length !== 1)
    throw new UsageError(`${command} takes the name of one component`)
}
