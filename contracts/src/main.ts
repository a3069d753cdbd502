import { parseArgs } from 'node:util'
import { instanceEndpoints } from '@tenseams/cli/endpoints'
import { InstanceError } from '@tenseams/cli/errors'
import { RegistryError, RegistryUnavailableError } from '@tenseams/codec/errors'
import { ContractError, PublishError } from './errors.ts'
import { runCheck } from './gate/command.ts'
import { generate, staleFiles } from './generate/generate.ts'
import { writeMissingRecords } from './generate/records.ts'
import { diffContracts } from './publish/diff.ts'
import { publishContracts } from './publish/publish.ts'
import {
  rolloutLines,
  rollouts,
  runRollout,
  StoppedError,
  withoutOrder,
} from './rollouts/command.ts'

const help = `npm run contracts -- <verb>

  publish            registers every schema, sets the level of every subject, creates the topics;
                     doing it again changes nothing
  check              whether the contracts as they lie here may be merged; more by check --help
  diff               what differs between the contracts and the running broker and registry,
                     each difference with the next step
  rollout <name>     runs old and new producers and consumers in the right order, then in the wrong one, on topics
                     of its own; docs/rollouts says when to choose which
${rolloutLines()}
    --break=order          runs the wrong order as if it were the right one: it must be refuted
  generate           writes the TypeScript types into contracts/generated, and docs/keys.md
  generate --check   says which of them are stale
  records            encodes records of every schema version that has none yet into contracts/records

For publish, diff and rollout:
  --instance <name>          of the native stack (default)
  --offset <n>               its port offset, instead of the one with which it was started last
  --registry <url>           instead of the instance's, with its path, e.g. http://host/apis/ccompat/v7
  --brokers <host:port,…>    instead of the instance's
  --timeout <seconds>        for all of a publish (60), for each request of a diff and each wait of a rollout

Exit codes: 0 it holds; 1 refused, different, stale, or a refuted rollout; 2 undecided, or not possible.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  check: { type: 'boolean' },
  break: { type: 'string' },
  instance: { type: 'string', default: 'default' },
  offset: { type: 'string' },
  registry: { type: 'string' },
  brokers: { type: 'string' },
  timeout: { type: 'string', default: '60' },
} as const

type Values = ReturnType<typeof readArguments>['values']

function readArguments(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'check') return runCheck(args.slice(1), say, complain)
  const { values, positionals } = readArguments(args)
  const [verb, ...rest] = positionals
  if (values.help === true) return say(help)
  if (verb === 'rollout') return rollout(values, rest)
  if (rest.length > 0) throw new UsageError(`${rest[0]} is not expected`)
  if (verb === 'publish') return publish(values)
  if (verb === 'diff') return diff(values)
  if (verb === 'generate') return values.check === true ? check() : write()
  if (verb === 'records') return keepRecords()
  throw new UsageError(verb === undefined ? 'which verb?' : `${verb} is no verb`)
}

async function publish(values: Values): Promise<number> {
  await publishContracts({ ...placesOf(values), onProgress: say })
  return 0
}

async function diff(values: Values): Promise<number> {
  const drifts = await diffContracts(placesOf(values))
  for (const { what, next } of drifts) say(`${what}\n    next: ${next}`)
  say(drifts.length === 0 ? 'no difference' : `${drifts.length} differ from the contracts`)
  return drifts.length === 0 ? 0 : 1
}

async function rollout(values: Values, [name, ...rest]: readonly string[]): Promise<number> {
  const chosen = rollouts.find((candidate) => candidate.name === name)
  if (chosen === undefined || rest.length > 0) throw new UsageError('rollout takes one name')
  if (![undefined, 'order'].includes(values.break)) throw new UsageError('--break takes order')
  const tried = values.break === undefined ? chosen : withoutOrder(chosen)
  const { holds } = await runRollout(tried, placesOf(values), say)
  return holds ? 0 : 1
}

function placesOf(values: Values) {
  const offset = values.offset === undefined ? undefined : wholeNumber('--offset', values.offset)
  const instance = instanceEndpoints(values.instance, offset)
  return {
    registryUrl: values.registry ?? instance.registryUrl,
    brokers: values.brokers ?? instance.brokers,
    timeoutMs: wholeNumber('--timeout', values.timeout) * 1_000,
  }
}

function write(): number {
  for (const file of generate()) say(file)
  return 0
}

function keepRecords(): number {
  for (const file of writeMissingRecords()) say(file)
  return 0
}

function check(): number {
  const stale = staleFiles()
  for (const file of stale) say(`${file} is stale: run \`npm run contracts -- generate\``)
  return stale.length === 0 ? 0 : 1
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new UsageError(`${name}: a whole number is expected, not ${text}`)
}

function say(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

class UsageError extends Error {}

const expected = [
  InstanceError,
  PublishError,
  RegistryError,
  ContractError,
  RegistryUnavailableError,
  StoppedError,
]

function explained(error: unknown): string | undefined {
  if (error instanceof Error && expected.some((kind) => error instanceof kind)) return causes(error)
  if (error instanceof UsageError || (error instanceof TypeError && 'code' in error)) {
    return `${error.message}\n\n${help}`
  }
  return undefined
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `${error.message}\n  ${causes(error.cause)}` : error.message
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const explanation = explained(error)
  if (explanation === undefined) throw error
  complain(explanation)
  process.exitCode = 2
}
