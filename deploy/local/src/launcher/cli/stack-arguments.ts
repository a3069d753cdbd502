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
import { type DebeziumLine, debeziumLines } from '../plan/debezium-line.ts'
import { readTarget, type Target, targetOptions } from './target.ts'

const options = {
  ...targetOptions,
  purge: { type: 'boolean' },
  json: { type: 'boolean' },
  lines: { type: 'string', default: '100' },
  follow: { type: 'boolean', short: 'f' },
  debezium: { type: 'string' },
  alerts: { type: 'string' },
} as const

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
  readonly lines: number
  readonly follow: boolean
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
    json: ['status'],
    lines: ['logs'],
    follow: ['logs'],
  },
}

const onOneComponent: readonly StackCommand[] = [
  'logs',
  'stop',
  'restart',
  'kill',
  'pause',
  'resume',
]

/** Reads the arguments of `npm run stack`. @throws UsageError */
export function readStackArguments(args: readonly string[]): StackRequest {
  const { values, positionals, given } = readArguments(args, options)
  const [first, ...names] = positionals
  const command = commandOf(first, commands)
  refuseOtherNames(command, names)
  refuseStrays(command, given, owners)
  return {
    ...readTarget(values),
    command,
    names,
    purge: values.purge ?? false,
    json: values.json ?? false,
    lines: wholeNumber('--lines', values.lines, { most: 999_999 }),
    follow: values.follow ?? false,
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

function refuseOtherNames(command: StackCommand, names: readonly string[]): void {
  const isOnOne = onOneComponent.includes(command)
  if (command !== 'up' && !isOnOne) refuseMore(names)
  if (isOnOne && names.length !== 1)
    throw new UsageError(`${command} takes the name of one component`)
}
