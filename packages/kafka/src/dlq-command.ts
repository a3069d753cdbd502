import { parseArgs } from 'node:util'
import { instanceEndpoints } from '@tenseams/cli/endpoints'
import type { Kafka } from 'kafkajs'
import { openKafka } from './client.ts'
import { DlqError, deadLetterTopics, type FoundLetter, readLetters, replayLetters } from './dlq.ts'

const help = `npm run dlq -- <verb>

  list                                 dead letters, counted by topic and reason
  show <topic> <partition> <offset>    one of them: where it comes from, why, its bytes
  replay <topic> --all                 sends them back to the partitions they came from, untouched;
                                       one that was sent back before is passed over
  replay <topic> --partition <p> --offset <o>    only that one

<topic> is the origin's; partition and offset are those in its dead letter topic, as list and show tell.

  --dry-run            says how many would be sent back
  --again              also those that were sent back before
  --instance <name>    of the native stack (default)
  --port-offset <n>    its port offset, instead of the one with which it was started last
  --brokers <host:port,…>    instead of the instance's

Exit codes: 0 done; 1 there is no such letter; 2 it could not be done.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  all: { type: 'boolean', default: false },
  partition: { type: 'string' },
  offset: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  instance: { type: 'string', default: 'default' },
  'port-offset': { type: 'string' },
  brokers: { type: 'string' },
} as const

class UsageError extends Error {}

type Values = ReturnType<typeof readArguments>['values']

function readArguments(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args)
  if (values.help === true) return say(help)
  const [verb, topic, ...rest] = positionals
  if (verb === 'list' && topic === undefined) return list(kafkaOf(values))
  if (verb === 'show' && topic !== undefined && rest.length === 2) {
    const [partition = '', offset = ''] = rest
    return show(kafkaOf(values), topic, partition, offset)
  }
  if (verb === 'replay' && topic !== undefined && rest.length === 0) return replay(values, topic)
  throw new UsageError(
    verb === undefined ? 'which verb?' : `${positionals.join(' ')}: not understood`,
  )
}

async function list(kafka: Kafka): Promise<number> {
  for (const topic of await deadLetterTopics(kafka)) {
    const letters = await readLetters(kafka, topic)
    if (letters.length === 0) say(`${topic}  none\n`)
    for (const [reason, those] of Map.groupBy(letters, (letter) => letter.reason)) {
      const [first] = those
      const open = those.filter(({ replayed }) => !replayed).length
      say(`${topic}  ${reason}  ${those.length}, ${open} not replayed; `)
      say(`first at ${first?.partition} ${first?.offset}\n`)
    }
  }
  return 0
}

async function show(kafka: Kafka, topic: string, partition: string, offset: string) {
  const letter = find(await readLetters(kafka, topic), partition, offset)
  if (letter === undefined) return missing(topic, partition, offset)
  say(`written aside  ${new Date(Number(letter.timestamp)).toISOString()}\n`)
  say(`key  ${letter.key?.toString() ?? 'none'}\n`)
  for (const [name, value] of Object.entries(letter.headers)) say(`${name}  ${value?.toString()}\n`)
  return say(`value, base64  ${letter.value?.toString('base64') ?? 'none'}\n`)
}

async function replay(values: Values, topic: string): Promise<number> {
  const { all, partition, offset, again } = values
  const isOne = partition !== undefined && offset !== undefined
  if (all === isOne || (all && (partition ?? offset) !== undefined)) {
    throw new UsageError('replay takes --all, or --partition and --offset')
  }
  const kafka = kafkaOf(values)
  const letters = await readLetters(kafka, topic)
  const one = isOne ? find(letters, partition, offset) : undefined
  if (isOne && one === undefined) return missing(topic, partition, offset)
  const dryRun = values['dry-run']
  const chosen = (letter: FoundLetter) =>
    one === undefined || (letter.partition === one.partition && letter.offset === one.offset)
  const { replayed, before } = await replayLetters(kafka, topic, { chosen, again, dryRun })
  const verb = dryRun ? 'would be sent back' : 'sent back'
  return say(`${replayed} ${verb} to ${topic}, ${before} had been before\n`)
}

function find(letters: readonly FoundLetter[], partition: string, offset: string) {
  const place = wholeNumber('the partition', partition)
  const at = String(wholeNumber('the offset', offset))
  return letters.find((letter) => letter.partition === place && letter.offset === at)
}

function missing(topic: string, partition: string, offset: string): number {
  process.stderr.write(`${topic} has no dead letter at partition ${partition}, offset ${offset}\n`)
  return 1
}

function kafkaOf(values: Values): Kafka {
  const text = values['port-offset']
  const portOffset = text === undefined ? undefined : wholeNumber('--port-offset', text)
  const brokers = values.brokers ?? instanceEndpoints(values.instance, portOffset).brokers
  return openKafka({ brokers, clientId: 'dlq' })
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`${name}: a whole number is expected, not ${text}`)
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error)
  if (isUsage) return `${error.message}\n\n${help}`
  return error instanceof DlqError ? error.message : `dlq: ${error.message}`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${explained(error)}\n`)
  process.exitCode = 2
}
