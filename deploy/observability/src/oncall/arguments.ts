import {
  brokerList,
  commandOf,
  readArguments,
  refuseStrays,
  webAddress,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import {
  credentialsFileOf,
  credentialsHelp,
  credentialsOption,
  endpointsOf,
  instanceHelp,
  instanceOptions,
} from '@tenseams/cli/instance-options'

export const help = `npm run oncall -- <what> [<command>] …

  captures                           whether captures are frozen, since when, by whom and why
  captures freeze                    no money is captured while it is on; that of what is sent stays held, nothing is lost
  captures unfreeze                  what waits is captured

  transactions                       open transactions, and where readers wait for them
  transactions abort <id>            ends the open transaction of a transactional id, and fences its writer
  transactions abort <topic> <partition>    ends what hangs there, which no coordinator knows; for the admin

  offsets <group> [<topic>]          where a group stands
  offsets reset <group> <topic>      sets where it continues: --to earliest, latest, an offset or a time.
                                     Its members must be stopped

  park <group> <topic> <partition> <offset>    writes the record at which a group stands to the dead letter topic, and
                                     lets the group continue behind it. Its members must be stopped

  connectors                         every connector with its task
  connectors restart [<name>]        restarts what has failed

  readers <topic>                    who may write and read a topic, and which groups do

  --reason <text>          why, for the audit log: for every command that changes something
  --dry-run                only shows what would be done
  --to <position>          for offsets reset
  --partition <n>          for offsets reset: only this partition
  --older-than <seconds>   for transactions abort: younger ones are taken to be at work (default: 30)
  --payments <http://…>, --connect <http://…>, --brokers <host:port,…>    instead of the instance's
${credentialsHelp()}
${instanceHelp}

Each command first shows what it is going to do, and can be repeated. What was done is in the audit log:
.stack/<instance>/audit/acts/oncall.log, and that of payments for captures.
Exit codes: 0 done, or shown; 1 refused, and why; 2 it could not be done.
`

const options = {
  reason: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  to: { type: 'string' },
  partition: { type: 'string' },
  'older-than': { type: 'string', default: '30' },
  payments: { type: 'string' },
  connect: { type: 'string' },
  brokers: { type: 'string' },
  ...credentialsOption,
  ...instanceOptions,
} as const

/** What is looked at and acted on, with the commands that change it. */
const families = {
  captures: ['freeze', 'unfreeze'],
  transactions: ['abort'],
  offsets: ['reset'],
  park: [],
  connectors: ['restart'],
  readers: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type Family = keyof typeof families
const names = Object.keys(families) as Family[]

/** The words that change something, with the families whose name alone does. */
const changing = [...Object.values(families).flat(), 'park']
const owners = {
  ...{ reason: changing, 'dry-run': changing, to: ['reset'], partition: ['reset'] },
  'older-than': ['abort'],
}
const servers: Readonly<Record<Family, 'payments' | 'connect' | 'brokers'>> = {
  captures: 'payments',
  transactions: 'brokers',
  offsets: 'brokers',
  park: 'brokers',
  connectors: 'connect',
  readers: 'brokers',
}

/** What was asked, with the addresses and the file of credentials that it needs. */
export type Asked = {
  readonly family: Family
  /** Such as `freeze`; undefined to look. */
  readonly command: string | undefined
  readonly rest: readonly string[]
  readonly reason: string
  readonly dryRun: boolean
  readonly to: string | undefined
  readonly partition: string | undefined
  readonly olderThan: string
  readonly instance: string
  readonly paymentsUrl: string
  readonly connectUrl: string
  readonly brokers: string
  readonly credentialsFile: string
}

/** @throws UsageError, InstanceError */
export function readOncallArguments(args: readonly string[]): Asked {
  const { values, positionals, given } = readArguments(args, options)
  const [first, second, ...others] = positionals
  const family = commandOf(first, names)
  const command = (families[family] as readonly string[]).find((each) => each === second)
  const rest = command === undefined ? positionals.slice(1) : others
  refuseStrays(command ?? family, given, owners)
  const server = servers[family]
  for (const name of ['payments', 'connect', 'brokers'] as const) {
    if (name !== server && given.has(name)) {
      throw new UsageError(`--${name} does not go with ${family}`)
    }
  }
  const endpoints = endpointsOf(values)
  return {
    ...{ family, command, rest },
    reason: reasonOf(command ?? family, values.reason, values['dry-run']),
    dryRun: values['dry-run'],
    ...{ to: values.to, partition: values.partition, olderThan: values['older-than'] },
    instance: values.instance,
    paymentsUrl: webAddress('--payments', values.payments ?? endpoints.paymentsUrl),
    connectUrl: webAddress('--connect', values.connect ?? endpoints.connectUrl),
    brokers: brokerList('--brokers', values.brokers ?? endpoints.brokers),
    credentialsFile: credentialsFileOf(values, { [server]: values[server] }),
  }
}

const MOST_REASON = 200

/** @throws UsageError */
function reasonOf(command: string, reason: string | undefined, dryRun: boolean): string {
  if (!changing.some((each) => each === command) || (dryRun && reason === undefined)) return ''
  if (reason === undefined) {
    throw new UsageError(`${command} needs --reason "<why>", which goes into the audit log`)
  }
  if (reason.length <= MOST_REASON && !/\p{Cc}/u.test(reason)) return reason
  throw new UsageError(`--reason takes one line of at most ${MOST_REASON} characters`)
}
