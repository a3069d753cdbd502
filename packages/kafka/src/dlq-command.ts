import {
  brokerList,
  commandOf,
  readArguments,
  refuseMore,
  refuseStrays,
  wholeNumber,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import {
  credentialsFileOf,
  credentialsHelp,
  credentialsOption,
  endpointsOf,
  instanceHelp,
  instanceOptions,
} from '@tenseams/cli/instance-options'
import { complain, say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import type { Kafka } from 'kafkajs'
import { openKafka } from './client.ts'
import {
  deadLetterTopics,
  type FoundDeadLetter,
  linesOf,
  readDeadLetters,
  replayDeadLetters,
} from './dlq.ts'

const help = `npm run dlq -- <command>

  list                                 dead letters, counted by topic and reason
  show <topic> <partition> <offset>    one of them: its origin, the reason, its bytes
  replay <topic> --all                 sends them back, unchanged, to the partitions they came from;
                                       skips those that were replayed before, and keeps those
                                       that do not say where they came from
  replay <topic> --partition <p> --offset <o>    only that one

<topic> is the topic of origin; partition and offset are those in its dead letter topic, as shown by list and show.

  --dry-run                only says how many would be sent back
  --again                  includes those that were replayed before
  --brokers <host:port,…>  instead of the instance's
${credentialsHelp()}
${instanceHelp}

Exit codes: 0 done; 1 there is no such dead letter, or not all could be sent back; 2 it could not be done.
`

const options = {
  all: { type: 'boolean', default: false },
  partition: { type: 'string' },
  offset: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  brokers: { type: 'string' },
  ...credentialsOption,
  ...instanceOptions,
} as const

const replaying = ['replay']
const owners = {
  ...{ all: replaying, partition: replaying, offset: replaying },
  ...{ again: replaying, 'dry-run': replaying },
}

type Values = ReturnType<typeof readArguments<typeof options>>['values']

async function dlq(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals, given } = readArguments(args, options)
  const [first, topic, partition, offset] = positionals
  const command = commandOf(first, ['list', 'show', 'replay'])
  refuseStrays(command, given, owners)
  refuseMore(positionals.slice({ list: 1, show: 4, replay: 2 }[command]))
  if (command === 'list') return list(kafkaOf(values))
  if (topic === undefined) throw new UsageError(`${command}: which topic?`)
  if (command === 'replay') return replay(values, topic)
  if (partition === undefined || offset === undefined) {
    throw new UsageError('show takes a topic, a partition and an offset')
  }
  return show(kafkaOf(values), topic, positionOf(partition, offset))
}

async function list(kafka: Kafka): Promise<ExitCode> {
  for (const topic of await deadLetterTopics(kafka)) {
    const found = await readDeadLetters(kafka, topic)
    if (found.length === 0) say(`${topic}  none`)
    for (const [reason, those] of Map.groupBy(found, ({ reason }) => reason)) {
      const [first] = those
      const open = those.filter(({ replayed }) => !replayed).length
      const counts = `${those.length}, ${open} not replayed`
      say(`${topic}  ${reason}  ${counts}; first at ${first?.partition} ${first?.offset}`)
    }
    sayMalformed(topic, found)
  }
  return exitCodes.holds
}

/** They are in the counts above as well. */
function sayMalformed(topic: string, found: readonly FoundDeadLetter[]): void {
  for (const { partition, offset, origin } of found) {
    if (origin.kind === 'malformed')
      say(`${topic}  malformed at ${partition} ${offset}: ${origin.why}`)
  }
}

async function show(kafka: Kafka, topic: string, position: Position): Promise<ExitCode> {
  const deadLetter = (await readDeadLetters(kafka, topic)).find((one) => isAt(one, position))
  if (deadLetter === undefined) return missing(topic, position)
  for (const line of linesOf(deadLetter)) say(line)
  say(`value, base64  ${deadLetter.value?.toString('base64') ?? 'none'}`)
  return exitCodes.holds
}

async function replay(values: Values, topic: string): Promise<ExitCode> {
  const { all, partition, offset, again, 'dry-run': dryRun } = values
  const isOne = partition !== undefined && offset !== undefined
  if (all === isOne || (all && (partition ?? offset) !== undefined)) {
    throw new UsageError('replay takes --all, or --partition and --offset')
  }
  const position = isOne ? positionOf(partition, offset) : undefined
  const chosen = (deadLetter: FoundDeadLetter) =>
    position === undefined || isAt(deadLetter, position)
  const kafka = kafkaOf(values)
  if (position !== undefined && !(await readDeadLetters(kafka, topic)).some(chosen)) {
    return missing(topic, position)
  }
  const { replayed, before, kept } = await replayDeadLetters(kafka, topic, {
    chosen,
    again,
    dryRun,
  })
  const verb = dryRun ? 'would be sent back' : 'sent back'
  say(`${replayed} ${verb} to ${topic}, ${before} had been before`)
  for (const { deadLetter, why } of kept) {
    complain(`${deadLetter.partition} ${deadLetter.offset} stays: ${why}`)
  }
  return kept.length === 0 ? exitCodes.holds : exitCodes.refuted
}

/** The position of a dead letter in its dead letter topic. */
type Position = { readonly partition: number; readonly offset: string }

function positionOf(partition: string, offset: string): Position {
  return {
    partition: wholeNumber('the partition', partition),
    offset: String(wholeNumber('the offset', offset)),
  }
}

function isAt(deadLetter: FoundDeadLetter, { partition, offset }: Position): boolean {
  return deadLetter.partition === partition && deadLetter.offset === offset
}

function missing(topic: string, { partition, offset }: Position): ExitCode {
  complain(`${topic} has no dead letter at partition ${partition}, offset ${offset}`)
  return exitCodes.refuted
}

function kafkaOf(values: Values): Kafka {
  const brokers = brokerList('--brokers', values.brokers ?? endpointsOf(values).brokers)
  const credentialsFile = credentialsFileOf(values, { brokers: values.brokers })
  return openKafka({ brokers, credentialsFile, clientId: 'dlq' })
}

await runVerb(dlq, help)
